import { afterEach, expect, it, vi } from 'vitest'
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
const card = (): string => document.querySelector('[data-testid=guide]')?.textContent?.replace(/\s+/g, ' ') ?? ''

it('leads from an empty home to a run in five steps, goes along with what is done meanwhile, and is offered no more', async () => {
  const home = await homeOfTest()
  const { click, router, text } = (page = await openWindow(home, '/runs'))
  await eventually(() => expect(text()).toContain('No runs yet'))
  expect(card(), 'nothing comes unasked').toBe('')
  await click('[data-testid=guide-begin]')
  await eventually(() => expect(card()).toMatch(/^ ?Step 1 of 5 ?Everything begins with a run/))
  await router.push('/new')
  await eventually(() => expect(card()).toMatch(/Step 2 of 5/))
  await click('[data-testid=guide-next]')
  await eventually(() => expect(card()).toMatch(/Step 3 of 5 ?Start it/))
  await click('[data-testid=guide] button', /^Back$/)
  await eventually(() => expect(card()).toMatch(/Step 2 of 5/))
  await router.push('/settings')
  await click('[data-testid=guide] a', /^Go there$/)
  await eventually(() => expect(router.currentRoute.value.path).toBe('/new'))

  const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist' })
  await router.push(`/runs/${id}`)
  await eventually(() => expect(card()).toMatch(/Step 4 of 5 ?Watch it learn/))
  await click('[data-testid=guide-next]')
  await eventually(() => expect(document.querySelector('[data-testid=guide-next]')?.textContent).toContain('Done'))
  await click('[data-testid=guide-next]')
  await eventually(() => expect(card()).toBe(''))
  await home.runs.stop({ id })
  await home.runs.remove({ id })
  await router.push('/runs')
  await eventually(() => expect(text()).toContain('No runs yet'))
  expect(document.querySelector('[data-testid=guide-begin]')).toBeNull()
})

it('can be left at any step, and comes back only by its command', async () => {
  const { click, text } = (page = await openWindow(await homeOfTest(), '/runs'))
  await eventually(() => expect(text()).toContain('No runs yet'))
  await click('[data-testid=guide-begin]')
  await click('[data-testid=guide-leave]')
  await eventually(() => expect(card()).toBe(''))
  expect(document.querySelector('[data-testid=guide-begin]')).toBeNull()
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))
  await click('[role=option]', /^Guided first run/)
  await eventually(() => expect(card()).toMatch(/Step 1 of 5/))
})
