import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PAGE_KEYS, SHORTCUTS, type Shortcut } from '../../src-renderer/app/palette/shortcuts.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import type { PlayedHome } from '../fixtures/played-home.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { focused } from './support/focus.js'
import { picture } from './support/picture.js'
import { serveHome } from './support/serve-home.js'
import { openPage } from './support/watched-page.js'
import { everyNth } from '../fixtures/slice.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }

interface Stage {
  page: Page
  home: PlayedHome
  go(address: string): Promise<void>
}

const nameOf = ({ section, keys }: Pick<Shortcut, 'section' | 'keys'>): string => `${section}: ${keys}`

const attribute = (page: Page, selector: string, name: string) => page.locator(selector).first().getAttribute(name)
const chosen = (page: Page) => page.locator('tr[data-row=run][aria-selected=true] a.name').allInnerTexts()
const current = (page: Page) => page.locator('tr.current a.name').innerText()

/** The page of a run with a focused chart whose axis is known. */
async function chart({ page, home, go }: Stage): Promise<{ id: string; span(): Promise<[number, number]> }> {
  const { id } = await home.runs.create({ ...REQUEST, overrides: { steps: 1000 } })
  for (const key of ['train/loss', 'test/accuracy'])
    home.addPoints(id, key, Array.from({ length: 101 }, (_, i) => ({ step: 10 * i, value: key === 'train/loss' ? i : 0.5 }))) // prettier-ignore
  await go(`/runs/${id}`)
  const span = async (): Promise<[number, number]> => [
    Number(await attribute(page, '[data-chart=loss]', 'data-from')),
    Number(await attribute(page, '[data-chart=loss]', 'data-to')),
  ]
  await expect.poll(span).toEqual([0, 1000])
  await page.locator('[data-chart=loss] .frame').focus()
  return { id, span }
}

/** The focused table of four runs in the order of their names. */
async function table({ page, home, go }: Stage): Promise<void> {
  for (const name of ['a', 'b', 'c', 'd']) await home.runs.create({ ...REQUEST, name })
  await go('/runs?sort=name')
  await page.locator('tr[data-row=run]').nth(3).waitFor()
  await page.getByRole('grid').focus()
}

async function moveInQueue({ page, home, go }: Stage): Promise<void> {
  await home.settings.update({ 'queue.concurrentRuns': 1 })
  await home.runs.createSeveral({ request: { ...REQUEST, name: 'q' }, seeds: [1, 2, 3] })
  await go('/runs')
  const names = () => page.getByTestId('queue').locator('.name').allInnerTexts()
  await expect.poll(names).toEqual(['q, seed 2', 'q, seed 3'])
  await page.getByTestId('queue').locator('li').first().focus()
  await page.keyboard.press('Alt+ArrowDown')
  await expect.poll(names).toEqual(['q, seed 3', 'q, seed 2'])
  await page.keyboard.press('Alt+ArrowUp')
  await expect.poll(names).toEqual(['q, seed 2', 'q, seed 3'])
}

async function moveInColumns({ page }: Stage): Promise<void> {
  await page.getByTestId('choose-columns').click()
  const keys = () =>
    page
      .locator('li[data-key]')
      .evaluateAll((rows) => rows.map((row) => (row as unknown as { dataset: { key: string } }).dataset.key))
      .then((all) => all.slice(0, 2))
  await expect.poll(keys).toEqual(['status', 'name'])
  // The initial focus of the dialog, once it has opened.
  await expect.poll(() => focused(page)).toBe('Search columns')
  await page.locator('li[data-key=status]').focus()
  await page.keyboard.press('Alt+ArrowDown')
  await expect.poll(keys).toEqual(['name', 'status'])
  // The moved column keeps the focus, so that it can be moved again.
  await page.locator('li[data-key=status]:focus').waitFor()
  await page.keyboard.press('Alt+ArrowUp')
  await expect.poll(keys).toEqual(['status', 'name'])
  // The dialog's first field must not take it back a moment later either.
  await page.waitForTimeout(300)
  expect(await page.locator('li[data-key=status]:focus').count()).toBe(1)
}

/** How each shortcut of the sheet is pressed, and the expected result. */
const PRESSED: Record<string, (stage: Stage) => Promise<void>> = {
  async 'Everywhere: Ctrl+K'({ page, go }) {
    await go('/settings')
    await page.keyboard.press('Control+k')
    await page.getByTestId('palette').waitFor()
    await page.keyboard.press('Control+k')
    await page.getByTestId('palette').waitFor({ state: 'hidden' })
  },
  async 'Everywhere: ?'({ page, go }) {
    await go('/new')
    await page.keyboard.press('?')
    const rows = page.getByTestId('shortcuts').locator('dl > div')
    await rows.first().waitFor()
    expect(await rows.count()).toBe(SHORTCUTS.length)
    await picture(page, 'shortcuts')
  },
  async 'Everywhere: F1'({ page, go }) {
    await go('/new')
    await page.keyboard.press('F1')
    await page.getByTestId('page-help').getByText('Help: New run').waitFor()
    await picture(page, 'page-help')
  },
  async 'Everywhere: Ctrl+Z'({ page, home, go }) {
    const { id } = await home.runs.create({ ...REQUEST, name: 'first' })
    home.end(id, 'finished', null)
    await go(`/runs/${id}`)
    await page.getByTestId('run-menu').click()
    await page.getByText('Archive', { exact: true }).click()
    await expect.poll(async () => (await home.runs.get({ id })).archived).toBe(true)
    await page.getByText(/archived\./).waitFor()
    await page.keyboard.press('Control+z')
    await expect.poll(async () => (await home.runs.get({ id })).archived).toBe(false)
  },
  async 'Everywhere: Esc'({ page, go }) {
    await go('/datasets')
    await page.getByRole('button', { name: 'Generate points' }).click()
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  },
  ...Object.fromEntries(
    Object.entries(PAGE_KEYS).map(([key, to]) => [
      `Go to: g ${key}`,
      async ({ page, go }: Stage) => {
        await go(to === '/settings' ? '/datasets' : '/settings')
        await page.keyboard.press('g')
        await page.keyboard.press(key)
        await page.waitForURL((url) => url.hash.startsWith(`#${to}`))
      },
    ]),
  ),
  async 'Charts: +'(stage) {
    const { span } = await chart(stage)
    await stage.page.keyboard.press('+')
    await expect.poll(span).toEqual([250, 750])
  },
  async 'Charts: -'(stage) {
    const { span } = await chart(stage)
    await stage.page.keyboard.press('+')
    await stage.page.keyboard.press('+')
    await expect.poll(span).toEqual([375, 625])
    await stage.page.keyboard.press('-')
    await expect.poll(span).toEqual([250, 750])
  },
  async 'Charts: 0'(stage) {
    const { span } = await chart(stage)
    await stage.page.keyboard.press('+')
    await stage.page.keyboard.press('0')
    await expect.poll(span).toEqual([0, 1000])
  },
  async 'Charts: ← →'(stage) {
    const { span } = await chart(stage)
    await stage.page.keyboard.press('+')
    await stage.page.keyboard.press('ArrowRight')
    await expect.poll(span).toEqual([375, 875])
    await stage.page.keyboard.press('ArrowLeft')
    await expect.poll(span).toEqual([250, 750])
  },
  async 'Charts: Shift+← →'(stage) {
    await chart(stage)
    const { page } = stage
    // The loss is a tenth of the step, and the cursor starts in the middle.
    const value = async (): Promise<number> => Number(await page.locator('[data-line="train/loss"] b').innerText())
    await expect.poll(value).toBe(100)
    await page.keyboard.press('Shift+ArrowRight')
    await expect.poll(value).toBe(50)
    for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+ArrowRight')
    await expect.poll(value).toBe(53)
    for (let i = 0; i < 5; i++) await page.keyboard.press('Shift+ArrowLeft')
    await expect.poll(value).toBe(48)
    // The other charts of the page show the same position, which is announced to screen readers.
    await page.locator('[data-chart=accuracy] .cursor').waitFor()
    expect(await attribute(page, '[data-chart=loss] .frame', 'aria-label')).toMatch(/at step 480/)
    await page.keyboard.press('Escape')
    await expect.poll(value).toBe(100)
  },
  async 'Charts: f'(stage) {
    await chart(stage)
    await stage.page.keyboard.press('f')
    await stage.page.locator('[data-chart=loss].large').waitFor()
    await stage.page.keyboard.press('Escape')
    await stage.page.locator('[data-chart=loss].large').waitFor({ state: 'detached' })
  },
  async 'Charts: Alt+← →'(stage) {
    await chart(stage)
    const first = () => attribute(stage.page, '[data-chart]', 'data-chart')
    expect(await first()).toBe('loss')
    await stage.page.keyboard.press('Alt+ArrowRight')
    await expect.poll(first).toBe('accuracy')
    await stage.page.keyboard.press('Alt+ArrowLeft')
    await expect.poll(first).toBe('loss')
  },
  async 'Run table: ↑ ↓'(stage) {
    await table(stage)
    await stage.page.keyboard.press('ArrowDown')
    await stage.page.keyboard.press('ArrowDown')
    await expect.poll(() => current(stage.page)).toBe('b')
    await stage.page.keyboard.press('ArrowUp')
    await expect.poll(() => current(stage.page)).toBe('a')
  },
  async 'Run table: Enter'(stage) {
    await table(stage)
    await stage.page.keyboard.press('ArrowDown')
    await stage.page.keyboard.press('Enter')
    await stage.page.getByRole('heading', { name: 'a' }).waitFor()
  },
  async 'Run table: ← →'({ page, home, go }) {
    const options = { preset: 'hamiltonian-quick', dataset: 'mnist', keys: 'h=0.1|0.2', steps: 10 }
    await home.studies.start({ template: 'search', options, name: 'sizes' })
    await go('/runs')
    const study = page.locator('tr[data-row=study]')
    await study.waitFor()
    await page.getByRole('treegrid').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => study.getAttribute('aria-expanded')).toBe('true')
    await expect.poll(() => page.locator('tr[data-row=run]').count()).toBe(2)
    // From a run inside to its study, which is then collapsed.
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => study.getAttribute('aria-expanded')).toBe('false')
  },
  async 'Run table: Shift+F10'(stage) {
    await table(stage)
    await stage.page.keyboard.press('ArrowDown')
    await stage.page.keyboard.press('Shift+F10')
    await stage.page.getByTestId('row-menu').waitFor()
    await expect.poll(() => focused(stage.page)).toBe('Open')
    await stage.page.keyboard.press('Escape')
    await stage.page.getByTestId('row-menu').waitFor({ state: 'hidden' })
    await expect.poll(() => focused(stage.page)).toBe('Runs')
  },
  async 'Run table: Space'(stage) {
    await table(stage)
    await stage.page.keyboard.press('ArrowDown')
    await stage.page.keyboard.press('Space')
    await expect.poll(() => chosen(stage.page)).toEqual(['a'])
  },
  async 'Run table: Shift+↑ ↓'(stage) {
    await table(stage)
    await stage.page.keyboard.press('ArrowDown')
    await stage.page.keyboard.press('Shift+ArrowDown')
    await stage.page.keyboard.press('Shift+ArrowDown')
    await expect.poll(() => chosen(stage.page)).toEqual(['a', 'b', 'c'])
  },
  async 'Run table: Ctrl+A'(stage) {
    await table(stage)
    await stage.page.keyboard.press('Control+a')
    await expect.poll(() => chosen(stage.page)).toEqual(['a', 'b', 'c', 'd'])
  },
  async 'Run table: Esc'(stage) {
    await table(stage)
    await stage.page.keyboard.press('Control+a')
    await stage.page.keyboard.press('Escape')
    await expect.poll(() => chosen(stage.page)).toEqual([])
  },
  async 'Reorderable lists: Alt+↑ ↓'(stage) {
    await moveInQueue(stage)
    await moveInColumns(stage)
  },
}

describe.skipIf(noBrowser)('the shortcuts of the sheet', () => {
  let browser: Browser
  let pagePath: string
  beforeAll(async () => {
    pagePath = (await builtWorkbench()).page
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  it('are each pressed by a test', () => {
    expect(Object.keys(PRESSED).sort()).toEqual(SHORTCUTS.map(nameOf).sort())
  })

  it.each(everyNth(SHORTCUTS.map(nameOf), 3, import.meta.filename))('%s', async (name) => {
    const home = await homeOfTest()
    const server = await serveHome(home, pagePath)
    const { page, context, complaints } = await openPage(browser)
    const go = async (address: string): Promise<void> => {
      await page.goto(`${server.windowAddress}#${address}`)
      await page.locator('#content h1').first().waitFor()
    }
    await PRESSED[name]!({ page, home, go })
    expect(complaints).toEqual([])
    await context.close()
    await server.close()
  })
})
