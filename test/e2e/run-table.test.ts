import { mkdtempSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src-main/storage/database.js'
import { databaseFile } from '../../src-main/storage/home-files.js'
import { createStores } from '../../src-main/storage/stores.js'
import { fillLargeHome } from '../bench/large-home.js'
import { slice } from '../fixtures/slice.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { startServer } from './support/server.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { removeFolder } from '../fixtures/home.js'

const RUNS = 600

/** With a time limit for a busy machine. */
const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 15_000 })

/** A home with many runs without points. @param studies number of studies that made them */
async function homeWithRuns(studies = 0): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'retrace-table-'))
  const db = await openDatabase(databaseFile(home))
  fillLargeHome(db, createStores(db), { runs: RUNS, pointsPerRun: 0, studies })
  db.close()
  return home
}

/** Screenshots for reviewing changes to a page, if RETRACE_PICTURES names a folder. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['RETRACE_PICTURES']
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` })
}

/** The real server as a process of its own, in a real browser. */
describe.skipIf(noBrowser)('the table of runs', () => {
  let browser: Browser
  let entry: string
  beforeAll(async () => {
    entry = (await builtWorkbench()).server
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  it.each(
    slice(
      [
        ['light', 1600],
        ['dark', 1100],
      ],
      import.meta.filename,
    ),
  )('is arranged, filtered, grouped, kept by name, found again, and many runs are acted on at once, %s theme', async (scheme, width) => {
    const home = await homeWithRuns()
    const server = await startServer(entry, home)
    const { page, context, complaints } = await openPage(browser, { scheme, width })
    const count = page.getByTestId('count')
    const names = (): Promise<string[]> => page.locator('tr[data-row=run] a.name').allInnerTexts()
    const cells = async (key: string): Promise<string[]> => {
      const at = await page.locator(`th[data-column="${key}"]`).evaluate((head) => (head as unknown as { cellIndex: number }).cellIndex)
      return page.locator(`tr[data-row=run] td:nth-child(${at + 1})`).allInnerTexts()
    }
    await page.goto(await server.windowAddress())
    await eventually(() => count.innerText()).toBe(`${RUNS} runs`)
    // The pinned run first, then the newest.
    await eventually(async () => (await names()).slice(0, 2).map((name) => name.replace(/^\S+ /, ''))).toEqual(['8', String(RUNS)])
    // Far fewer rows are rendered than there are runs.
    expect((await names()).length).toBeLessThan(80)
    expect(await page.locator('tr[data-row=run]').first().getAttribute('aria-rowindex')).toBe('2')

    // A column of the configuration, moved to the front by keyboard.
    await page.getByTestId('choose-columns').click()
    await page.getByLabel('Search columns').fill('learning')
    await page.getByRole('checkbox', { name: 'Learning rate learningRate' }).check()
    await page.locator('li[data-key="config.learningRate"]').focus()
    await page.keyboard.press('Alt+ArrowUp')
    await eventually(() => page.locator('.v-dialog [role=status]').innerText()).toMatch(/^Learning rate moved to column \d+ of \d+\.$/)
    await page.getByLabel('Search columns').fill('accuracy')
    await page.getByRole('checkbox', { name: 'Test accuracy, last test/accuracy' }).check()
    await picture(page, `table-columns-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])
    await page.getByTestId('columns-done').click()

    await page.locator('th[data-column="config.learningRate"] .sorter').click()
    await eventually(async () => {
      const rates = (await cells('config.learningRate')).slice(1, 15).map((text) => Number(text.replace('−', '-')))
      return rates.length > 5 && rates.every((rate, i) => i === 0 || rate >= (rates[i - 1] ?? 0))
    }).toBe(true)

    await page.locator('th[data-column="dataset"]').hover()
    await page.getByRole('button', { name: 'Filter by Data set' }).click()
    const menu = page.getByTestId('filter-menu')
    await menu.locator('label', { hasText: 'mnist' }).getByRole('checkbox').check()
    await picture(page, `table-filter-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])
    await page.keyboard.press('Escape')
    await menu.waitFor({ state: 'hidden' })
    // By a column that was just added, in its displayed unit.
    await page.getByTestId('add-filter').click()
    await menu.getByLabel('Column to filter by').fill('Test accuracy')
    await page.getByRole('option', { name: 'Test accuracy, last Metrics, last' }).click()
    await menu.getByLabel('Value').fill('50')
    await menu.getByRole('button', { name: 'Done' }).click()
    await page.getByTestId('filter-chip').filter({ hasText: 'Test accuracy, last ≥ 50%' }).waitFor()
    await eventually(async () => [...new Set(await cells('dataset'))]).toEqual(['mnist'])
    expect((await cells('latest.test/accuracy')).map(parseFloat).filter((percent) => percent < 50)).toEqual([])

    const group = page.getByTestId('group').locator('input')
    await group.fill('Architecture')
    await page.getByRole('option', { name: 'Architecture Configuration' }).click()
    const groups = page.locator('tr[data-row=group]')
    await eventually(() => groups.first().innerText()).toMatch(/Architecture\s+hamiltonian\s+\d+ runs[\s\S]*⌀/)
    await page.getByRole('button', { name: 'Collapse all' }).click()
    await eventually(() => groups.count()).toBe(5)
    await page.getByRole('treegrid').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await eventually(() => groups.first().getAttribute('aria-expanded')).toBe('true')
    await picture(page, `table-groups-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])

    // The view gets a name, and is restored by its address alone.
    await page.getByTestId('views').click()
    await page.getByTestId('save-view').click()
    await page.getByTestId('view-name').locator('input').fill('good on mnist')
    await page.getByTestId('save-view-name').click()
    await eventually(() => page.getByTestId('views').innerText()).toBe('good on mnist')
    await eventually(async () => page.url()).toMatch(/view=[a-z0-9]+/)
    const shown = await count.innerText()
    const id = /view=([a-z0-9]+)/.exec(page.url())?.[1]
    await page.getByTestId('views').click()
    await page.getByText('All runs, default columns').click()
    await eventually(() => count.innerText()).toBe(`${RUNS} runs`)
    await page.goto(`${server.address}/#/runs?view=${id}`)
    await eventually(() => count.innerText()).toBe(shown)
    await page.reload()
    await eventually(() => count.innerText()).toBe(shown)
    await eventually(() => groups.count()).toBeGreaterThan(0)
    // The last view is shown again if an address does not contain one.
    await page.goto(`${server.address}/#/settings`)
    await page.getByRole('link', { name: 'Runs' }).click()
    await eventually(() => count.innerText()).toBe(shown)

    await page.getByTestId('views').click()
    await page.getByTestId('remove-view').click()
    await eventually(() => page.getByTestId('views').innerText()).toBe('Views')
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByTestId('views').click()
    await page.locator('.v-list-item', { hasText: 'good on mnist' }).waitFor()
    await page.keyboard.press('Escape')

    // A range is selected by clicking its ends, and extended by keyboard.
    await page.getByTestId('group').getByRole('button', { name: /clear/i }).click()
    const rows = page.locator('tr[data-row=run]')
    await eventually(() => groups.count()).toBe(0)
    await rows.nth(1).getByRole('checkbox').click()
    await rows
      .nth(4)
      .getByRole('checkbox')
      .click({ modifiers: ['Shift'] })
    const bulk = page.getByTestId('bulk')
    await eventually(() => bulk.locator('b').innerText()).toBe('4 selected')
    await page.getByRole('grid').focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('Space')
    await eventually(() => bulk.locator('b').innerText()).toBe('5 selected')
    await bulk.getByLabel('Add tag to the selected runs').fill('picked')
    await page.keyboard.press('Enter')
    await eventually(() => rows.nth(4).locator('.tag').allInnerTexts()).toContain('picked')
    await picture(page, `table-chosen-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])
    await page.getByLabel('Search runs').fill('PICKED')
    await eventually(() => count.innerText()).toMatch(/^5 of/)
    expect(await page.getByTestId('hidden').innerText()).toMatch(/runs are hidden by (the search|search and filters)\./)
    // The same as a query, completed by keyboard; an invalid one shows what is allowed, and hides nothing.
    const line = page.getByLabel('Search runs')
    await line.fill('')
    await line.pressSequentially('tags = pic')
    await page.getByTestId('completions').getByRole('option', { name: 'picked' }).waitFor()
    await picture(page, `table-query-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    expect(await line.inputValue()).toBe('tags = picked ')
    await eventually(() => count.innerText()).toMatch(/^5 of/)
    await line.fill('tags < 3')
    await page.keyboard.press('Enter')
    await page.getByTestId('query-problem').getByText('Tags holds text: use one of = != ~ !~').waitFor()
    await line.fill('PICKED')
    await page.keyboard.press('Enter')
    await eventually(() => count.innerText()).toMatch(/^5 of/)
    // A column is widened by dragging its edge, and the width persists.
    const tags = page.locator('th[data-column="tags"]')
    const before = (await tags.boundingBox())!.width
    await tags.getByRole('separator').focus()
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight')
    await eventually(async () => Math.round((await tags.boundingBox())!.width - before)).toBe(48)
    // Runs that a query hid meanwhile, while it was typed, are still selected.
    const everyRun = page.getByLabel('Select all visible runs')
    await eventually(() => bulk.locator('b').innerText()).toBe('5 selected')
    await everyRun.click()
    await bulk.waitFor({ state: 'hidden' })
    await everyRun.click()
    await bulk.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('No matching runs.').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await eventually(() => count.innerText()).toMatch(/^5 of/)

    // Enter opens the current row.
    await page.getByRole('grid').focus()
    await page.keyboard.press('End')
    const last = await rows.last().locator('a.name').innerText()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: last }).waitFor()
    expect(complaints).toEqual([])
    await context.close()
    await server.stop()
    removeFolder(home)
  })

  it('shows the same rows to whoever goes back to it, and other pages are where they were; a link begins at the top', async () => {
    const home = await homeWithRuns()
    const server = await startServer(entry, home)
    const { page, context, complaints } = await openPage(browser, { width: 1100 })
    const table = page.getByRole('grid').locator('..')
    /** Of the visible rows: the first, the last, and by how much the first is cut off. */
    const inSight = (): Promise<[first: string, last: string, cut: number]> =>
      table.evaluate((element) => {
        type Box = { getBoundingClientRect(): { top: number; bottom: number }; querySelector(of: string): { innerText: string } }
        const box = element as unknown as Box & { querySelectorAll(of: string): Iterable<Box> }
        const { top, bottom } = box.getBoundingClientRect()
        const rows = [...box.querySelectorAll('tr[data-run]')].filter((row) => {
          const place = row.getBoundingClientRect()
          return place.bottom > top && place.top < bottom
        })
        const name = (row: Box | undefined): string => row?.querySelector('a.name').innerText ?? ''
        return [name(rows[0]), name(rows.at(-1)), Math.round((rows[0]?.getBoundingClientRect().top ?? 0) - top)]
      })
    const top = (): Promise<number> => page.evaluate(() => (globalThis as unknown as { scrollY: number }).scrollY)

    await page.goto(await server.windowAddress())
    await eventually(() => page.getByTestId('count').innerText()).toBe(`${RUNS} runs`)
    const first = await eventually(inSight).not.toEqual(['', '', 0]).then(inSight)
    await table.evaluate((element) => void ((element as unknown as { scrollTop: number }).scrollTop = 300 * 36 + 11))
    await eventually(async () => (await inSight())[0]).not.toBe('')
    const far = await inSight()
    expect(far[0]).not.toBe(first[0])
    await page.getByRole('grid').locator('tr[data-run] a.name').nth(10).click()
    await page.waitForURL(/#\/runs\/[a-z0-9]+/)
    await page.goBack()
    await eventually(inSight).toEqual(far)

    // The window's scroll position, on a page whose content loads afterwards.
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('heading', { name: 'Settings' }).waitFor()
    const scrollTo = (y: number) =>
      page.evaluate((to) => (globalThis as unknown as { scrollTo(x: number, y: number): void }).scrollTo(0, to), y)
    await eventually(async () => (await scrollTo(240), top())).toBe(240)
    await page.getByRole('link', { name: 'New run' }).click()
    await page.waitForURL(/#\/new/)
    await eventually(top).toBe(0)
    await page.goBack()
    await eventually(top).toBe(240)
    await page.getByRole('link', { name: 'Runs', exact: true }).click()
    await eventually(inSight).toEqual(first)
    expect(complaints).toEqual([])
    await context.close()
    await server.stop()
    removeFolder(home)
  })

  it.each(slice([['light'], ['dark']] as const, import.meta.filename))(
    'has one row for a study, which unfolds, is selected with its runs, and is unfolded again for whoever goes back, %s theme',
    async (scheme) => {
      const home = await homeWithRuns(6)
      const server = await startServer(entry, home)
      const { page, context, complaints } = await openPage(browser, { scheme, width: 1300 })
      await page.goto(await server.windowAddress())
      const studies = page.locator('tr[data-row=study]')
      const runs = page.locator('tr[data-row=run]')
      await eventually(() => studies.locator('.link').allInnerTexts()).toEqual([6, 5, 4, 3, 2, 1].map((n) => `Search ${n}`))
      // Pinned runs are not folded.
      expect(await runs.locator('[aria-label=pinned]').count()).toBe(await runs.count())
      expect(await studies.first().innerText()).toContain('100 runs')
      await studies.first().getByRole('checkbox').click()
      await eventually(() => page.getByTestId('bulk').locator('b').innerText()).toBe('100 selected')
      await page.keyboard.press('Tab')
      await page.getByRole('treegrid').focus()
      await page.keyboard.press('Escape')
      await page.keyboard.press('ArrowRight')
      await eventually(() => studies.first().getAttribute('aria-expanded')).toBe('true')
      await eventually(() => runs.count()).toBeGreaterThan(15)
      await picture(page, `table-studies-${scheme}`)
      expect(await seriousFindings(page)).toEqual([])
      await runs.nth(3).locator('a.name').click()
      await page.waitForURL(/#\/runs\/[a-z0-9]+/)
      await page.goBack()
      await eventually(() => studies.first().getAttribute('aria-expanded')).toBe('true')

      await page.getByLabel('Search runs').fill('quick 42')
      await eventually(() => page.getByTestId('count').innerText()).toBe('23 of 600 runs')
      await eventually(() => studies.first().innerText()).toContain(' found')
      await picture(page, `table-studies-found-${scheme}`)
      await studies.first().locator('.link').click()
      await page.waitForURL(/#\/studies\/study\d+/)
      await page.getByTestId('study').waitFor()
      expect(complaints).toEqual([])
      await context.close()
      await server.stop()
      removeFolder(home)
    },
  )

  it('is there at once after a crash, whose check of the database goes on behind it', async () => {
    const home = await homeWithRuns()
    const first = await startServer(entry, home)
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')
    const server = await startServer(entry, home)
    const { page, context } = await openPage(browser)
    await page.goto(await server.windowAddress())
    await eventually(() => page.getByTestId('count').innerText()).toBe(`${RUNS} runs`)
    await page.getByTestId('alerts').click()
    await page
      .getByText(/Retrace ended unexpectedly last time: .*the database is being checked/)
      .first()
      .waitFor()
    await context.close()
    await server.stop()
    removeFolder(home)
  })
})
