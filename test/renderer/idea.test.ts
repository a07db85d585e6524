import { afterEach, describe, expect, it, vi } from 'vitest'
import { glossaryEntry } from '../../src-main/contract/glossary.js'
import { stepOf } from '../../src-renderer/idea/keys.js'
import { IDEA } from '../../src-renderer/idea/pictures.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

vi.setConfig({ testTimeout: 60_000 })

let page: TestWindow | null = null
afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})

const NOTHING = { ctrlKey: false, metaKey: false, altKey: false, defaultPrevented: false }
const at = (html: string): EventTarget => {
  document.body.innerHTML = html
  return document.body.firstElementChild!
}

describe('the keys of a lecture', () => {
  it('lead on and back, but not where the keys have another meaning', () => {
    const target = at('<div></div>')
    for (const [key, by] of [
      ['PageDown', 1],
      ['ArrowRight', 1],
      ['PageUp', -1],
      ['ArrowLeft', -1],
      ['a', 0],
    ] as const)
      expect(stepOf({ ...NOTHING, key, target }), key).toBe(by)
    expect(stepOf({ ...NOTHING, key: 'ArrowRight', target, altKey: true })).toBe(0)
    expect(stepOf({ ...NOTHING, key: 'PageDown', target, defaultPrevented: true })).toBe(0)
    const slider = at('<div role="slider"></div>')
    expect(stepOf({ ...NOTHING, key: 'ArrowRight', target: slider })).toBe(0)
    expect(stepOf({ ...NOTHING, key: 'PageDown', target: at('<input type="text">') })).toBe(0)
  })
})

describe('the idea in five pictures', () => {
  it('is five pictures whose terms are in the glossary', () => {
    expect(IDEA).toHaveLength(5)
    for (const { id, terms } of IDEA) for (const term of terms) expect(glossaryEntry(term)?.term, `${id}: ${term}`).toBe(term)
  })

  it('offers the examples where there are none, and then compares them; keys lead on from picture to picture', async () => {
    const home = await homeOfTest()
    const { text, click, router } = (page = await openWindow(home, '/idea?picture=5'))
    await eventually(() => expect(text()).toContain('The examples have three Hamiltonian networks and three ResNets'))
    expect(text()).toContain('5 / 5')
    await click('[data-testid=open-examples]')
    await eventually(() => expect(text()).toMatch(/Hamiltonian network \(3 seeds\).*ResNet \(3 seeds\)/))
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }))
    expect(router.currentRoute.value.query['picture']).toBe('5')
    await click('[data-testid=lecture]')
    await eventually(() => expect(document.querySelector('.app-drawer')).toBeNull())
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
    await eventually(() => expect(router.currentRoute.value.query['lecture']).toBeUndefined())
  })
})
