import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { startLocalServer, takePort } from '../../src-main/hosts/server/http.js'
import { builtWorkbench } from '../e2e/support/built.js'
import { launchBrowser } from '../e2e/support/chromium.js'
import { openSession, type Session } from '../fixtures/session.js'
import { benchStudies, benchTable, type Row } from './table.js'
import { heapAfterCollection, mainThreadTasks, percentile, timeToFrame, WATCH_DRAWING } from './measure.js'

const FILE = join(import.meta.dirname, '../../docs/benchmarks.md')
const KEY = 'train/loss'
const RUNS = 20
/** Milliseconds for which a user looks at the table before the first click. */
const SETTLE = 1500
type Heap = Record<'objects' | 'buffers' | 'whole', number>
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A decreasing loss with noise, as in training; seeded by the run. */
function values(count: number, run: number): Float64Array {
  let state = run * 2654435761 + 1
  return Float64Array.from({ length: count }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return 2.3 * Math.exp(-i / 200_000) + 0.3 * (state / 2 ** 32) + 0.02 * run
  })
}

/** Runs with a trainer played by this program, whose histories are in the real database. */
async function fill(session: Session, count: number): Promise<string[]> {
  await session.services.settings.update({ 'queue.concurrentRuns': RUNS })
  const steps = Float64Array.from({ length: count }, (_, i) => i + 1)
  const times = steps.map((step) => Date.UTC(2026, 0, 1) + step * 20)
  const ids: string[] = []
  for (let run = 0; run < RUNS; run++) {
    const { id } = await session.services.runs.create({
      preset: 'small',
      dataset: 'digits',
      name: `run ${run}`,
      overrides: { steps: 10_000_000 },
    })
    ids.push(id)
    const points = { steps, values: values(count, run), times }
    session.db.immediate(() => {
      for (let at = 0; at < count; at += 65_536) {
        const part = (array: Float64Array): Float64Array => array.subarray(at, at + 65_536)
        session.stores.series.append(id, KEY, { steps: part(points.steps), values: part(points.values), times: part(points.times) })
      }
    })
  }
  for (const { events } of session.trainers) events.report({ kind: 'started', step: count, totalSteps: 10_000_000, stepsPerEpoch: 1000 })
  return ids
}

/** Every trainer reports this many new points. */
function tick(session: Session, from: number, points: number): number {
  const steps = Float64Array.from({ length: points }, (_, i) => from + i + 1)
  session.trainers.forEach(({ events }, run) => {
    const series = [
      { key: KEY, steps, values: steps.map((step) => 0.3 + 0.1 * Math.sin(step) + 0.02 * run), times: steps.map(() => Date.now()) },
    ]
    events.report({ kind: 'points', step: from + points, activeSeconds: from / 50, medianStepSeconds: 0.02, series })
  })
  return from + points
}

/**
 * Waits until this number of lines have every point. Through the debugging protocol, to which the page's content security policy does not
 * apply.
 */
async function whenComplete(page: Page, lines: number, count: number): Promise<void> {
  const found = `[...document.querySelectorAll('[data-line]')].filter((line) => Number(line.dataset.count) >= ${count}).length`
  for (const deadline = Date.now() + 300_000; (await page.evaluate<number>(found)) < lines; await sleep(20))
    if (Date.now() > deadline) throw new Error(`not all of ${lines} lines have ${count} points`)
}

async function benchUi(args: readonly string[]): Promise<void> {
  const browser = await launchBrowser()
  const rows: [string, string, string][] = []
  const at = args.indexOf('--points')
  const points = at < 0 ? undefined : Number(args[at + 1])
  const row: Row = (what, figure, target) => {
    rows.push([what, figure, target])
    console.log(`${what}: ${figure} (${target})`)
  }
  try {
    const only = ['--charts', '--table', '--studies'].filter((part) => args.includes(part))
    const wanted = (part: string): boolean => only.length === 0 || only.includes(part)
    if (wanted('--charts')) await benchCharts(browser, row, points)
    if (wanted('--table')) await benchTable(browser, row, points)
    if (wanted('--studies')) await benchStudies(browser, row)
    await report(rows, browser.version())
  } finally {
    await browser.close()
  }
}

async function benchCharts(browser: Browser, row: Row, points?: number): Promise<void> {
  const session = await openSession({
    system: async () => ({
      version: '0',
      home: 'a temporary folder',
      platform: process.platform,
      host: 'server',
      startCommand: 'npm start',
      engine: null,
      setUp: null,
    }),
  })
  try {
    await measure(session, browser, row, points)
  } finally {
    session[Symbol.dispose]()
  }
}

async function measure(session: Session, browser: Browser, row: Row, count = 1_000_000): Promise<void> {
  const { page: pagePath } = await builtWorkbench()
  const ids = await fill(session, count)
  const server = startLocalServer(await takePort(0), {
    api: session.api,
    page: pagePath,
    onDefect: (error) => console.error(error),
  })
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.addInitScript(WATCH_DRAWING)
  const cdp = await context.newCDPSession(page)
  const ms = (value: number): string => `${value.toFixed(0)} ms`
  const million = `${(count / 1e6).toFixed(count % 1e6 ? 2 : 0)}M`

  await page.goto(server.windowAddress)
  await page.getByText('run 19').first().waitFor()
  // The code of the other pages is loaded while the window is idle.
  await sleep(SETTLE)
  const paints: number[] = []
  for (const id of ids.slice(0, 6)) {
    paints.push(await timeToFrame(page, `location.hash = '/runs/${id}'`))
    await page.evaluate(`location.hash = '/runs'`)
    await page.getByText('run 19').first().waitFor()
    await sleep(300)
  }
  row(
    `First paint of a run of ${million} points, from the click to the frame`,
    `${ms(percentile(paints.slice(1), 50))}, ${ms(paints[0] ?? NaN)} the first time, ${SETTLE / 1000} s after the window opened`,
    'at most 150 ms',
  )

  const complete = performance.now()
  await page.evaluate(`location.hash = '/runs/${ids[6]}'`)
  await whenComplete(page, 1, count)
  row(`Every point of a run of ${million} in the page`, ms(performance.now() - complete), 'no target')

  const press = (key: string): string =>
    `document.querySelector('[data-chart="loss"] .frame').dispatchEvent(new KeyboardEvent('keydown', { key: '${key}', bubbles: true, cancelable: true }));`
  const zooms: number[] = []
  for (const key of [...'++++++++', 'ArrowRight', 'ArrowLeft', ...'------', '0', ...'+++']) {
    zooms.push(await timeToFrame(page, press(key)))
    await sleep(60)
  }
  row(
    `Zoom of ${million} points, from the key to the frame`,
    `${ms(percentile(zooms, 50))} median, ${ms(percentile(zooms, 95))} 95th percentile`,
    'at most 50 ms',
  )

  await page.evaluate(`location.hash = '/compare?runs=${ids.join(',')}&metrics=${encodeURIComponent(KEY)}'`)
  await whenComplete(page, RUNS, count)
  await sleep(2000)
  let step = count
  for (const [name, prepare] of [
    ['', ''],
    [
      ', smoothed',
      `(() => { const range = document.querySelector('input[type=range]'); range.value = '2'; range.dispatchEvent(new Event('input', { bubbles: true })) })()`,
    ],
  ] as const) {
    if (prepare) await page.evaluate(prepare)
    await sleep(4000)
    const tasks = await mainThreadTasks(cdp, async () => {
      for (let i = 0; i < 24; i++) {
        step = tick(session, step, 25)
        await sleep(500)
      }
    })
    const worked = tasks.filter(({ wall }) => wall >= 1)
    const figure = (key: 'wall' | 'cpu'): string =>
      `${percentile(
        tasks.map((task) => task[key]),
        95,
      ).toFixed(1)} ms of all ${tasks.length}, ${percentile(
        worked.map((task) => task[key]),
        95,
      ).toFixed(1)} ms of the ${worked.length} of 1 ms or more, longest ${ms(Math.max(...tasks.map((task) => task[key])))}`
    row(
      `Main-thread tasks with ${RUNS} live series of ${million} in one chart, twice a second${name}`,
      `95th percentile ${figure('wall')}; of processor time ${figure('cpu')}`,
      '95th percentile under 50 ms',
    )
  }

  await page.evaluate(`location.hash = '/runs/${ids[0]}'`)
  await whenComplete(page, 1, count)
  await sleep(3000)
  const before = await heapAfterCollection(cdp)
  const only = { ...session, trainers: session.trainers.slice(0, 1) }
  for (let i = 0; i < 36_000; i++) {
    step = tick(only, step, 1)
    if (i % 100 === 99) await sleep(1)
  }
  await whenComplete(page, 1, count + 36_000)
  await sleep(3000)
  const after = await heapAfterCollection(cdp)
  const sizes = [before, after].map((heap) => ({ ...heap, whole: heap.objects + heap.buffers })) as [Heap, Heap]
  const grown = (key: keyof Heap): string =>
    `${(100 * (sizes[1][key] / sizes[0][key] - 1)).toFixed(1)}% from ${(sizes[0][key] / 2 ** 20).toFixed(1)} MiB`
  row(
    'Heap of the page after 36,000 accelerated ticks',
    `${grown('whole')}: objects ${grown('objects')}, array buffers ${grown('buffers')}; the points are 3.6% more than before`,
    'less than 5%',
  )

  await context.close()
  await server.close()
}

/** Appends the results to the file of benchmarks. */
async function report(rows: readonly [string, string, string][], browserVersion: string): Promise<void> {
  // The load of the machine indicates how reliable the results are.
  const load = loadavg()[0] ?? 0
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; Node ${process.versions.node}, Chromium ${browserVersion} without GPU; load of the machine ${load.toFixed(1)}`
  const head = existsSync(FILE) ? '' : '# Benchmarks\n'
  const text = [
    `${head}\n## Window, ${new Date().toISOString().slice(0, 10)}`,
    '',
    `${machine}. \`npm run bench:ui\`.`,
    '',
    '| what | figure | target |',
    '| --- | --- | --- |',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
  ].join('\n')
  appendFileSync(FILE, text.replace(/^\n(?=# )/, ''))
  const { format } = await import('prettier')
  const { writeFileSync } = await import('node:fs')
  writeFileSync(FILE, await format(readFileSync(FILE, 'utf8'), { parser: 'markdown', printWidth: 140 }))
}

// The module's work is done during its import: its loader ends with it.
await benchUi(process.argv.slice(2))
