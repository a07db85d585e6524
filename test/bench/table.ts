import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import type { Browser, Page } from 'playwright-core'
import { openDatabase } from '../../src-main/storage/database.js'
import { databaseFile } from '../../src-main/storage/home-files.js'
import { createStores } from '../../src-main/storage/stores.js'
import { builtWorkbench } from '../e2e/support/built.js'
import { startServer } from '../e2e/support/server.js'
import { fillLargeHome } from './large-home.js'
import { mainThreadTasks, percentile } from './measure.js'
import { removeFolder } from '../fixtures/home.js'

const RUNS = 10_000
const POINTS_PER_RUN = 10_000
const STARTS = 5
/** The number of studies that share the runs equally: each has the maximum number of cells. */
const STUDIES = 10
/** Nine default columns, and as many of the configuration and of metrics. */
const COLUMNS = [
  'status,name,dataset,preset,latest.test/accuracy,latest.test/loss,progress,activeSeconds,createdAt',
  'config.learningRate,config.weightDecay,config.batch,config.activation,config.augment.pad,config.stages.0.units',
  'latest.train/loss,latest.train/gradientNorm,latest.system/residentMiB',
].join(',')

export type Row = (what: string, figure: string, target: string) => void

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))
const ms = (value: number): string => `${value.toFixed(0)} ms`
const spread = (values: readonly number[]): string =>
  `${ms(percentile(values, 50))} median, ${ms(Math.max(...values))} longest of ${values.length}`

/** Records when the first row of the table was in a painted frame, in milliseconds since the navigation. */
const WATCH_ROWS = `
  const watcher = new MutationObserver(() => {
    if (!document.querySelector('tr[data-row=run]')) return
    watcher.disconnect()
    requestAnimationFrame(() => setTimeout(() => { window.rowsAt = performance.now() }))
  })
  watcher.observe(document, { childList: true, subtree: true })
`

/** Milliseconds from an action in the page until a frame is painted in which the condition holds. */
const until = (page: Page, action: string, condition: string): Promise<number> =>
  page.evaluate<number>(`new Promise((resolve, reject) => {
    const start = performance.now()
    const look = () => setTimeout(() => {
      if (${condition}) resolve(performance.now() - start)
      else if (performance.now() - start > 10000) reject(new Error('it did not come to ' + ${JSON.stringify(condition)} + ' after ' + ${JSON.stringify(action)}))
      else requestAnimationFrame(look)
    })
    // The semicolon prevents the action from being parsed as a call of the preceding expression.
    ;${action};
    requestAnimationFrame(look)
  })`)

/** The content of the table, for detecting changes. */
const SHOWN = `(document.querySelector('[data-testid=count]').innerText + [...document.querySelectorAll('tr[data-row]')].slice(0, 12).map((row) => row.dataset.run ?? row.dataset.study + row.innerText).join())`

async function coldStart(browser: Browser, entry: string, home: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<[number, number, number]> {
  const begin = performance.now()
  const server = await startServer(entry, home)
  const address = performance.now() - begin
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.addInitScript(WATCH_ROWS)
  await page.goto(await server.windowAddress())
  while (!(await page.evaluate('window.rowsAt'))) await sleep(5)
  const rows = performance.now() - begin
  const inWindow = await page.evaluate<number>('window.rowsAt')
  await context.close()
  server.child.kill(signal)
  await once(server.child, 'exit')
  return [rows, address, inWindow]
}

/** Durations of sorting by every column in both directions, and of filtering by text and by value. */
async function sortAndFilter(page: Page): Promise<{ sorts: number[]; filters: number[] }> {
  const sorts: number[] = []
  const filters: number[] = []
  await page.evaluate(`location.hash = '/runs?columns=${COLUMNS}'`)
  await page.locator('th[data-column="config.stages.0.units"]').waitFor()
  const change = async (action: string): Promise<number> => {
    const before = await page.evaluate<string>(SHOWN)
    const time = await until(page, action, `${SHOWN} !== ${JSON.stringify(before)}`)
    await sleep(350)
    return time
  }
  for (const key of COLUMNS.split(',')) {
    const press = `document.querySelector('th[data-column="${key}"] .sorter').click()`
    sorts.push(await change(press), await change(press))
  }
  const type = (text: string): string =>
    `(() => { const input = document.querySelector('input[aria-label="Search runs"]'); input.value = '${text}'; input.dispatchEvent(new Event('input', { bubbles: true })) })()`
  for (const text of ['quick 9', 'quick 99', 'hamil', 'hamil sweep', 'sweep 1', 'sweep 11', '']) filters.push(await change(type(text)))
  for (const key of ['dataset', 'status', 'config.activation', 'config.batch']) {
    await page.locator(`th[data-column="${key}"]`).hover()
    await page.locator(`th[data-column="${key}"] .filter`).click()
    const menu = page.getByTestId('filter-menu')
    await menu.waitFor()
    await sleep(300)
    const boxes = `document.querySelectorAll('[data-testid=filter-menu] .terms input')`
    const numeric = `document.querySelectorAll('[data-testid=filter-menu] .values input')`
    if ((await page.evaluate<number>(`${boxes}.length`)) > 0)
      for (const at of [0, 1, 1, 0]) filters.push(await change(`${boxes}[${at}].click()`))
    else
      for (const value of ['64', '128', ''])
        filters.push(
          await change(
            `(() => { const input = ${numeric}[0]; input.value = '${value}'; input.dispatchEvent(new Event('input', { bubbles: true })) })()`,
          ),
        )
    await page.keyboard.press('Escape')
    await menu.waitFor({ state: 'hidden' })
  }
  return { sorts, filters }
}

/** Measures the table of 10,000 runs with a total of 100 million points (or fewer, for a quick test), including the start of the server. */
export async function benchTable(browser: Browser, row: Row, pointsPerRun = POINTS_PER_RUN): Promise<void> {
  const { server: entry } = await builtWorkbench()
  const home = mkdtempSync(join(tmpdir(), 'retrace-bench-table-'))
  try {
    const db = await openDatabase(databaseFile(home))
    fillLargeHome(db, createStores(db), { runs: RUNS, pointsPerRun })
    db.close()

    const what = `${RUNS.toLocaleString('en-US')} runs and ${(RUNS * pointsPerRun) / 1e6}M stored points`
    const starts: [number, number, number][] = []
    for (let i = 0; i < STARTS; i++) starts.push(await coldStart(browser, entry, home, i === STARTS - 1 ? 'SIGKILL' : 'SIGTERM'))
    const part = (at: 0 | 1 | 2): number[] => starts.map((times) => times[at])
    row(
      `Cold start with ${what}: from the server's start to the first rows`,
      `${spread(part(0))} (${ms(percentile(part(1), 50))} until the server is there, ${ms(percentile(part(2), 50))} in the window)`,
      'at most 2 s',
    )
    const [crashed] = await coldStart(browser, entry, home, 'SIGTERM')
    row('The same after a crash, while the database is checked', ms(crashed), 'at most 2 s')

    await benchWindow(browser, row, { entry, home, rows: 'tr[data-row=run]', of: 'runs' })
  } finally {
    removeFolder(home)
  }
}

interface BenchedHome {
  entry: string
  home: string
  /** The condition under which the rows have loaded. */
  rows: string
  /** The content of the table, for the report. */
  of: string
}

/** The page with a home of many runs: opening it, sorting, filtering, and scrolling through all rows. */
async function benchWindow(browser: Browser, row: Row, { entry, home, rows, of }: BenchedHome): Promise<void> {
  const server = await startServer(entry, home)
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  await page.goto(await server.windowAddress())
  await page.locator(rows).first().waitFor()
  await sleep(2000)
  const opened: number[] = []
  for (let i = 0; i < 7; i++) {
    await page.evaluate(`location.hash = '/settings'`)
    await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor()
    await sleep(500)
    opened.push(await until(page, `location.hash = '/runs'`, `document.querySelectorAll('${rows}').length >= 10`))
  }
  row(
    `Opening the page of ${RUNS.toLocaleString('en-US')} ${of} with 40 keys each, to the frame with the first rows`,
    spread(opened),
    'at most 300 ms',
  )
  const figure = (values: readonly number[]): string =>
    `${ms(percentile(values, 50))} median, ${ms(percentile(values, 95))} 95th percentile of ${values.length}`
  if ((await page.locator('tr[data-row=study]').count()) > 0) row(...(await unfoldAll(page, figure)))
  const { sorts, filters } = await sortAndFilter(page)
  row(`Sorting the ${of} by any of 18 columns, from the press to the frame`, figure(sorts), '95th percentile at most 100 ms')
  row(`Filtering the ${of} by text or column, from the key to the frame`, figure(filters), '95th percentile at most 100 ms')

  await page.mouse.move(800, 500)
  const tasks = await mainThreadTasks(cdp, async () => {
    for (let i = 0; i < 240; i++) {
      await page.mouse.wheel(0, i < 160 ? 480 : -2400)
      await sleep(12)
    }
  })
  const longest = (key: 'wall' | 'cpu'): string => ms(Math.max(...tasks.map((task) => task[key])))
  row(
    `Scrolling through the ${of} by the wheel: longest task of the main thread`,
    `${longest('wall')} of ${tasks.length} tasks; ${longest('cpu')} of processor time`,
    'none over 50 ms',
  )
  await context.close()
  await server.stop()
}

/** Expands every study, from the bottom up, so that each is visible; they stay expanded for the following measurements. */
async function unfoldAll(page: Page, figure: (values: readonly number[]) => string): Promise<Parameters<Row>> {
  const times: number[] = []
  for (let at = (await page.locator('tr[data-row=study]').count()) - 1; at >= 0; at--) {
    const study = `document.querySelectorAll('tr[data-row=study]')[${at}]`
    times.push(await until(page, `${study}.querySelector('td.number').click()`, `${study}?.getAttribute('aria-expanded') === 'true'`))
    await sleep(350)
  }
  return [`Unfolding a study of ${RUNS / STUDIES} runs, from the press to the frame`, figure(times), '95th percentile at most 100 ms']
}

/** Measures the table if studies have made all of its runs. */
export async function benchStudies(browser: Browser, row: Row): Promise<void> {
  const { server: entry } = await builtWorkbench()
  const home = mkdtempSync(join(tmpdir(), 'retrace-bench-studies-'))
  try {
    const db = await openDatabase(databaseFile(home))
    fillLargeHome(db, createStores(db), { runs: RUNS, pointsPerRun: 0, studies: STUDIES })
    db.close()
    await benchWindow(browser, row, { entry, home, rows: 'tr[data-row]', of: `runs of ${STUDIES} studies` })
  } finally {
    removeFolder(home)
  }
}
