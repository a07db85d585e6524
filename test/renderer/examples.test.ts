import { afterEach, expect, it, vi } from 'vitest'
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

it('opens the examples in an empty home, marks them, leads to their comparison, and removes them, which can be undone', async () => {
  const home = await homeOfTest()
  const { click, text, router } = (page = await openWindow(home, '/runs'))
  await eventually(() => expect(text()).toContain('No runs yet'))
  await click('[data-testid=open-examples]')
  await eventually(() => expect(text()).toMatch(/\d+ runs are examples, trained on another machine/))
  const { runs } = await home.examples.list()
  expect((await home.runs.list()).runs.length).toBe(runs.length)
  await eventually(() =>
    expect([...document.querySelectorAll('tbody .tag')].filter((tag) => tag.textContent === 'example').length).toBeGreaterThan(3),
  )

  await click('[data-testid=remove-examples]')
  await eventually(() => expect(text()).toContain('No runs yet'))
  expect(text()).toContain('Removed the examples.')
  await click('.v-snackbar button', /^Undo$/)
  await eventually(async () => expect((await home.runs.list()).runs.length).toBe(runs.length))

  const wanted = runs.filter(({ role }) => role === 'hamiltonian' || role === 'resnet').map(({ id }) => id)
  await click('[data-testid=examples] a', /^Compare/)
  await eventually(() => expect(router.currentRoute.value.query['runs']).toBe(wanted.join(',')))
})

it('finds the examples by the command palette', async () => {
  const home = await homeOfTest()
  const { click, text } = (page = await openWindow(home, '/settings'))
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true }))
  await click('[role=option]', /^Open the examples/)
  await eventually(() => expect(text()).toMatch(/\d+ runs are examples/))
})
