import { createPinia, setActivePinia } from 'pinia'
import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it } from 'vitest'
import NoticeBar from '../../src-renderer/app/NoticeBar.vue'
import { useNotices } from '../../src-renderer/home/notices.js'

beforeEach(() => setActivePinia(createPinia()))
afterEach(() => (document.body.innerHTML = ''))

const undo = (target: EventTarget = window): boolean =>
  target.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true, cancelable: true }))

it('changes are undone by Ctrl+Z, the last one first, also after their notices went by, and not while something is typed', async () => {
  const notices = useNotices()
  const bar = mount(NoticeBar, { global: { stubs: { VSnackbar: true } } })
  const done: string[] = []
  notices.changed('2 runs were removed.', () => done.push('removal'))
  notices.changedInSight('Setting changed.', () => done.push('setting'))
  notices.show('info', 'Something else.')
  notices.dismiss()
  notices.dismiss()
  const field = document.body.appendChild(document.createElement('input'))
  undo(field)
  expect(done).toEqual([])
  undo()
  undo()
  undo()
  await flushPromises()
  expect(done).toEqual(['setting', 'removal'])
  // Changes that are no longer visible are announced.
  expect(notices.queue.map(({ text }) => text)).toEqual(['Undone: Setting changed.', 'Undone: 2 runs were removed.'])
  bar.unmount()
})

it('the notice of a change takes the place of the last one; each change is undone once, and one that cannot be says why', async () => {
  const notices = useNotices()
  const done: string[] = []
  for (const name of ['first', 'second']) notices.changed(name, () => done.push(name))
  expect(notices.queue.map(({ text, undoable }) => [text, undoable])).toEqual([['second', true]])
  const { id } = notices.queue[0]!
  await notices.undo(id)
  expect([done, notices.queue]).toEqual([['second'], []])
  await notices.undo(id)
  await notices.undo()
  await notices.undo()
  expect(done).toEqual(['second', 'first'])
  notices.dismiss()
  notices.changed('third', () => Promise.reject(new Error('There is no such run.')))
  await notices.undo()
  expect(notices.queue.map(({ level, text }) => [level, text])).toEqual([['error', 'There is no such run.']])
})

it('fifty changes are remembered, and no more', async () => {
  const notices = useNotices()
  let undone = 0
  for (let i = 0; i < 60; i++) notices.changedInSight(`change ${i}`, () => (undone += 1))
  for (let i = 0; i < 70; i++) await notices.undo()
  expect(undone).toBe(50)
})
