import { afterEach, describe, expect, it, vi } from 'vitest'
import { glossaryEntry } from '../../src-main/contract/glossary.js'
import { PAGES } from '../../src-renderer/app/pages.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

vi.mock('../../src-renderer/charts/echarts.js', () => import('./support/chart-without-canvas.js'))
vi.setConfig({ testTimeout: 60_000 })

let page: TestWindow | null = null
afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})
const press = (key: string, rest: KeyboardEventInit = {}): boolean =>
  window.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...rest }))
const read = (selector: string): string => document.querySelector(selector)?.textContent?.replace(/\s+/g, ' ') ?? ''

describe('help', () => {
  it('of every page names terms that the glossary has', () => {
    for (const { name, help } of PAGES) {
      expect(help.about, name).toMatch(/^[A-Z].*\.$/)
      for (const term of help.terms) expect(glossaryEntry(term)?.term, `${name}: ${term}`).toBe(term)
    }
  })

  it('tells by F1 what the page that is open is for, and what its terms mean', async () => {
    const { click, text } = (page = await openWindow(await homeOfTest(), '/runs'))
    await eventually(() => expect(text()).toContain('No runs yet'))
    press('F1')
    await eventually(() =>
      expect(read('[data-testid=page-help]')).toMatch(
        /Help: Runs.*All runs of this home.*Gradient error.*Good: Below the gradient tolerance/,
      ),
    )
    await click('[data-testid=page-help] button', /^Keyboard shortcuts$/)
    await eventually(() => expect(read('[data-testid=shortcuts]')).toMatch(/F1 ?Help for the page/))
  })

  it('opens a concept by its name, or another name of it, in the command palette', async () => {
    const { click, router } = (page = await openWindow(await homeOfTest(), '/settings'))
    press('k', { ctrlKey: true })
    const field = await eventually(() => {
      const found = document.querySelector<HTMLInputElement>('[data-testid=palette]')
      expect(found).not.toBeNull()
      return found!
    })
    field.value = 'eigenvalues'
    field.dispatchEvent(new Event('input'))
    await click('[role=option]', /^Spectrum ?concept/)
    await eventually(() => expect(router.currentRoute.value.fullPath).toBe('/glossary?term=Spectrum'))
    await eventually(() => expect(document.activeElement?.getAttribute('data-term')).toBe('Spectrum'))
    expect(read('[data-term=Spectrum]')).toMatch(/Good: All eigenvalues inside the region/)
  })

  it('stands beside every chart, tile and key of a run', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 200 } })
    home.advance(100)
    const { click, router } = (page = await openWindow(home, `/runs/${id}`))
    await eventually(() => {
      const charts = [...document.querySelectorAll('[data-chart] figcaption')]
      expect(charts.length).toBeGreaterThan(1)
      for (const chart of charts) expect(chart.querySelector('[data-testid=help]'), chart.textContent ?? '').not.toBeNull()
    })
    const tiles = [...document.querySelectorAll('dl.figures .figure')]
    expect(tiles.length).toBe(8)
    for (const tile of tiles) expect(tile.querySelector('[data-testid=help]'), tile.textContent ?? '').not.toBeNull()
    await click('[data-chart=loss] [data-testid=help]')
    await eventually(() =>
      expect(read('[data-testid=help-text]')).toMatch(
        /Loss \(nats\) ?Mean cross-entropy.*Good: Falls, and levels out.*Source: numeric\/losses\.ts/,
      ),
    )

    await router.push(`/runs/${id}?tab=configuration`)
    await click('[aria-label="What is it: Step size h"]')
    await eventually(() =>
      expect([...document.querySelectorAll('[data-testid=help-text]')].at(-1)?.textContent).toMatch(/Step size h.*Source: .*Chang/s),
    )
  })
})
