import { createPinia, setActivePinia } from 'pinia'
import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it } from 'vitest'
import NoticeBar from '../../src-renderer/components/NoticeBar.vue'
import { useNotices } from '../../src-renderer/stores/notices.js'

beforeEach(() => setActivePinia(createPinia()))
afterEach(() => (document.body.innerHTML = ''))

const undo = (target: EventTarget = window): boolean =>
  target.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true, cancelable: true }))

it('what a notice offered is undone once by Ctrl+Z, also after it went by, and not while something is typed', () => {
  const notices = useNotices()
  const bar = mount(NoticeBar, { global: { stubs: { VSnackbar: true } } })
  const done: string[] = []
  notices.show('info', '2 runs were removed.', { label: 'Undo', run: () => void done.push('removal') })
  notices.show('info', 'Something else.')
  notices.dismiss()
  notices.dismiss()
  const field = document.body.appendChild(document.createElement('input'))
  undo(field)
  expect(done).toEqual([])
  undo()
  undo()
  expect(done).toEqual(['removal'])
  bar.unmount()
})

it('each notice offers its own, and goes with it', () => {
  const notices = useNotices()
  const done: string[] = []
  for (const name of ['first', 'second']) notices.show('info', name, { label: 'Undo', run: () => void done.push(name) })
  notices.act(notices.queue[0]!.id)
  expect([done, notices.queue.map(({ text }) => text)]).toEqual([['first'], ['second']])
  notices.act()
  expect([done, notices.queue]).toEqual([['first', 'second'], []])
})
