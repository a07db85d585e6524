import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { findCommands, matchScore } from '../../src-renderer/app/palette/search.js'
import { createKeyReader } from '../../src-renderer/app/palette/keys.js'
import { PAGE_KEYS, SHORTCUTS } from '../../src-renderer/app/palette/shortcuts.js'
import { createAppRouter } from '../../src-renderer/app/router.js'
import { createMemoryHistory } from 'vue-router'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

const command = (title: string) => ({ id: title, title, kind: 'run', run: () => undefined })
const press = (key: string, more: object = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, target: null, ...more })

describe('what is found by what is typed', () => {
  it('has the letters in their order, and nothing else is found', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-d]{1,4}$/), fc.stringMatching(/^[a-e ]{0,12}$/), (typed, text) => {
        let at = 0
        for (const letter of text) if (letter === typed[at]) at += 1
        expect(matchScore(typed, text) !== null).toBe(at === typed.length)
      }),
    )
  })

  it('begins with the whole words, then their beginnings, then letters far apart; untouched while nothing is typed', () => {
    const titles = ['resnet-32 wide', 'hamiltonian deep', 'Settings', 'h a m', 'my hamiltonian']
    expect(findCommands(titles.map(command), 'ham').map(({ title }) => title)).toEqual(['hamiltonian deep', 'my hamiltonian', 'h a m'])
    expect(findCommands(titles.map(command), '').map(({ title }) => title)).toEqual(titles)
    expect(findCommands(titles.map(command), '', 2)).toHaveLength(2)
  })
})

describe('keys', () => {
  it('open the palette and the sheet, go to a page in two strokes, and mean nothing while something is typed', () => {
    const read = createKeyReader()
    expect(read(press('k', { ctrlKey: true }), 0)).toEqual({ kind: 'palette' })
    expect(read(press('?'), 0)).toEqual({ kind: 'sheet' })
    expect([read(press('g'), 10), read(press('c'), 500)]).toEqual([null, { kind: 'go', to: '/compare' }])
    expect([read(press('g'), 1000), read(press('c'), 4000)]).toEqual([null, null])
    const field = document.createElement('input')
    expect(read(press('?', { target: field }), 0)).toBeNull()
    expect(read(press('k', { ctrlKey: true, target: field }), 0)).toEqual({ kind: 'palette' })
    const box = Object.assign(document.createElement('input'), { type: 'checkbox' })
    expect(read(press('?', { target: box }), 0)).toEqual({ kind: 'sheet' })
  })

  it('lead to pages that exist, and are all on the sheet', () => {
    const router = createAppRouter(createMemoryHistory())
    for (const [key, to] of Object.entries(PAGE_KEYS)) {
      expect(router.resolve(to).name).not.toBe('missing')
      expect(SHORTCUTS.some(({ keys }) => keys === `g ${key}`)).toBe(true)
    }
  })
})

describe('the palette in the window', () => {
  let page: TestWindow | null = null
  afterEach(() => {
    page?.wrapper.unmount()
    document.body.innerHTML = ''
  })

  it('opens with Ctrl+K and goes to the run that is typed', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', name: 'deep one' })
    page = await openWindow(home, '/settings')
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))
    const field = await eventually(() => {
      const found = document.querySelector<HTMLInputElement>('[data-testid=palette]')
      if (!found) throw new Error('no palette')
      return found
    })
    field.value = 'deep'
    field.dispatchEvent(new Event('input'))
    await eventually(() => expect(document.querySelector('[role=option][aria-selected=true]')?.textContent).toContain('deep one'))
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    await eventually(() => expect(page!.router.currentRoute.value.path).toBe(`/runs/${id}`))
    window.dispatchEvent(new KeyboardEvent('keydown', { key: '?' }))
    await eventually(() => expect(page!.text()).toContain('Search pages, runs, data sets, comparisons, concepts and commands'))
  }, 60_000)
})
