import { afterEach, expect, it, vi } from 'vitest'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

vi.mock('../../src-renderer/charts/echarts.js', () => import('./support/chart-without-canvas.js'))
vi.setConfig({ testTimeout: 60_000 })

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }
let page: TestWindow | null = null
afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})

const names = (): string[] => [...document.querySelectorAll('table .name')].map((name) => name.textContent ?? '')
function type(selector: string, text: string): void {
  const field = document.querySelector<HTMLInputElement>(selector)
  if (!field) throw new Error(`no field ${selector}`)
  field.value = text
  field.dispatchEvent(new Event('input', { bubbles: true }))
}

it('chosen runs are moved to a new project, which the table can show alone, and new runs are put into', async () => {
  const home = await homeOfTest()
  await home.runs.create({ ...REQUEST, name: 'loose' })
  const { id: deep } = await home.runs.create({ ...REQUEST, name: 'deep' })
  page = await openWindow(home, '/runs')
  const { click, text } = page
  await eventually(() => expect(names()).toEqual(['deep', 'loose']))
  await click('[aria-label="Select deep"], tbody tr:first-child input[type=checkbox]')
  await click('[data-testid=bulk] [data-testid=move]')
  await click('.v-list-item', /^New project …$/)
  await eventually(() => type('[data-testid=project-name] input', 'How deep'))
  await click('[data-testid=save-project]')
  await eventually(() => expect(text()).toContain('1 run moved to the project “How deep”.'))
  const [project] = (await home.projects.list()).projects
  expect((await home.runs.get({ id: deep })).projectId).toBe(project!.id)
  await click('button', /^Undo$/)
  await eventually(async () => expect((await home.runs.get({ id: deep })).projectId).toBeNull())
  await home.runs.edit({ ids: [deep], projectId: project!.id })

  await click('[data-testid=project]')
  await click('.v-list-item', /^How deep\s*1 run$/)
  await eventually(() => expect(names()).toEqual(['deep']))
  // The project of a new run is shown before it starts.
  await page.router.push('/new')
  await eventually(() => expect(document.querySelector('[data-testid=project-field]')?.textContent).toContain('How deep'))
  await eventually(() => expect(document.querySelector<HTMLButtonElement>('[data-testid=start]')?.disabled).toBe(false))
  await click('[data-testid=start]')
  await eventually(async () => {
    const { runs } = await home.runs.list()
    expect(runs.map(({ projectId }) => projectId)).toEqual([project!.id, project!.id, null])
  })

  // When it is removed, its runs stay visible, and they are restored with it.
  await page.router.push('/runs')
  await eventually(() => expect(names()).toHaveLength(2))
  await click('[data-testid=project]')
  await click('[data-testid=remove-project]')
  await eventually(() => expect(names()).toHaveLength(3))
  await click('button', /^Undo$/)
  await eventually(async () => expect((await home.projects.list()).projects).toHaveLength(1))
})
