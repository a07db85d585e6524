import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wilsonInterval } from '../../src-main/contract/binomial.js'
import type { RunDetail, RunSummary } from '../../src-main/contract/runs.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { startServer, type RunningServer } from './support/server.js'
import { downloaded } from './support/take.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { removeFolder } from '../fixtures/home.js'

const run = promisify(execFile)
const MINUTE = 60_000
const percent = (fraction: number): string => (fraction * 100).toFixed(2)

interface Trained {
  runId: string
  status: string
  testAccuracy: number
  testLoss: number
  testAccuracyInterval: [number, number]
  step: number
  testImages: number
}

/**
 * A run with a validation split, whose test accuracies at the end, at the maximum, and at the selected checkpoint are three different
 * numbers.
 */
describe.skipIf(noBrowser)('the test accuracy of a run', () => {
  let browser: Browser
  let server: RunningServer
  let home: string
  let cli: string
  let trained: Trained
  /** The output of `train` during the run, and at its end. */
  let progress: string[]
  /** Test accuracy of the last evaluation, and of the best one. */
  let last: number
  let greatest: number
  let lastLoss: number

  const retrace = async (folder: string, ...args: string[]): Promise<string> =>
    (await run(process.execPath, [cli, ...args, '--home', folder], { maxBuffer: 64 * 2 ** 20 })).stdout
  const json = async <T>(folder: string, ...args: string[]): Promise<T> => JSON.parse(await retrace(folder, ...args, '--json')) as T

  beforeAll(async () => {
    const built = await builtWorkbench()
    cli = built.cli
    home = mkdtempSync(join(tmpdir(), 'retrace-number-'))
    const settings = ['learningRate=0.05', 'validation=0.1', 'evaluateEvery=5'].flatMap((setting) => ['--set', setting])
    const command = ['train', '--preset', 'mlp-hamiltonian', '--dataset', 'two-spirals', '--name', 'three numbers', '--steps', '40']
    const { stdout, stderr } = await run(process.execPath, [cli, ...command, '--seed', '1', ...settings, '--home', home])
    trained = JSON.parse(stdout) as Trained
    progress = stderr.split('\n')
    const points = (await retrace(home, 'runs', 'export', trained.runId, '--csv')).split('\n').map((line) => line.split(','))
    const of = (key: string): number[] => points.filter(([, , name]) => name === key).map(([, , , , value]) => Number(value))
    last = of('test/accuracy').at(-1)!
    greatest = Math.max(...of('test/accuracy'))
    lastLoss = of('test/loss').at(-1)!
    server = await startServer(built.server, home)
    browser = await launchBrowser()
  }, 5 * MINUTE)

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    if (home) removeFolder(home)
  }, MINUTE)

  async function visit(address: string, use: (page: Page) => Promise<void>): Promise<void> {
    const { page, context, complaints } = await openPage(browser, { width: 1440 })
    page.setDefaultTimeout(MINUTE)
    const at = new URL(await server.windowAddress())
    at.hash = address
    await page.goto(at.href)
    await use(page)
    expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
    await context.close()
  }
  const poll = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: MINUTE })

  it('is three numbers, or else nothing below means anything', () => {
    expect(trained.status).toBe('finished')
    expect(new Set([trained.testAccuracy, last, greatest]).size).toBe(3)
    expect(trained.step).toBeLessThan(40)
    expect(trained.testLoss).not.toBe(lastLoss)
  })

  it('is the selected checkpoint’s on the command line, with its step, images and interval', async () => {
    const { runId, testAccuracy, testLoss, step, testImages, testAccuracyInterval } = trained
    expect(testAccuracyInterval).toEqual(wilsonInterval(testAccuracy, testImages))
    const row = {
      reported: { step, images: testImages, values: { 'test/accuracy': testAccuracy, 'test/loss': testLoss } },
      testAccuracyInterval,
    }
    const shown = await json<RunDetail>(home, 'runs', 'show', runId)
    expect(shown).toMatchObject({ ...row, result: { testAccuracy, testLoss, step, images: testImages } })
    expect(shown.latest['test/accuracy']).toBe(last)
    expect(Object.keys(shown.best)).toEqual(expect.arrayContaining(['validation/accuracy']))
    expect(Object.keys(shown.best).filter((key) => !key.startsWith('validation/'))).toEqual([])
    expect(await json<RunSummary[]>(home, 'runs', 'list')).toMatchObject([row])

    const said = await retrace(home, 'runs', 'show', runId)
    const [low, high] = testAccuracyInterval.map(percent)
    const whole = `test accuracy ${percent(testAccuracy)}% (checkpoint at step ${step}, ${testImages} images, 95% interval ${low} to ${high}%)`
    expect(said).toContain(whole)
    expect(progress.findLast((line) => line.startsWith('finished'))).toContain(whole)
    const [head, line] = (await retrace(home, 'runs', 'list')).split('\n')
    const column = (name: string): string => line!.slice(head!.indexOf(name)).trimStart().split(/ {2,}/)[0]!
    expect(column('TEST ACCURACY')).toBe(`${percent(testAccuracy)}%`)
    expect(said + line!).not.toContain(percent(greatest))
  })

  it('is the same in an archive, and in the home that it is brought to', async () => {
    const other = mkdtempSync(join(tmpdir(), 'retrace-number-'))
    try {
      const file = join(other, 'run.retrace.tar.gz')
      await retrace(home, 'runs', 'export', trained.runId, '--format', 'archive', '--out', file)
      await retrace(other, 'runs', 'import', file)
      const [here] = await json<RunSummary[]>(home, 'runs', 'list')
      const [there] = await json<RunSummary[]>(other, 'runs', 'list')
      expect(there!.reported).toEqual(here!.reported)
      expect(there!.best).toEqual(here!.best)
    } finally {
      removeFolder(other)
    }
  })

  it('is the same in the table, the tile, the alert and the evaluation, and the last evaluation is called so', () =>
    visit('/runs?columns=name,reported.test%2Faccuracy,latest.test%2Faccuracy,latest.test%2Floss', async (page) => {
      const cells = page.locator('tr[data-row=run] td')
      const values = [trained.testAccuracy, last].map((value) => `${percent(value)}%`)
      await poll(async () => (await cells.allInnerTexts()).slice(2, 4)).toEqual(values)
      expect(await cells.nth(4).innerText()).toBe(lastLoss.toPrecision(4))
      const [low, high] = trained.testAccuracyInterval.map(percent)
      expect(await cells.nth(2).locator('span').getAttribute('title')).toContain(`step ${trained.step}, 95% interval ${low}–${high}%`)
      await picture(page, 'one-number-table')

      await page.getByTestId('alerts').click()
      const alert = page.getByRole('dialog', { name: 'Alerts' })
      await alert.getByText(`${percent(trained.testAccuracy)}% test accuracy (checkpoint at step ${trained.step}`).waitFor()
      expect(await alert.innerText()).not.toContain(percent(last))
      await page.keyboard.press('Escape')

      await page.getByRole('link', { name: 'three numbers' }).click()
      const tile = page.locator('dl.figures > div').first()
      await poll(async () => (await tile.innerText()).split('\n').map((line) => line.trim())).toEqual([
        'Test accuracy',
        values[0],
        `step ${trained.step}`,
        `${low}–${high}%`,
      ])
      await picture(page, 'one-number-run')
      expect(await seriousFindings(page)).toEqual([])
      await page.getByRole('tab', { name: 'Evaluation' }).click()
      const said = page.getByTestId('evaluation')
      await said.getByText(`of ${trained.testImages.toLocaleString('en-US')} test images (95% interval ${low}–${high}%)`).waitFor()
      expect(await said.innerText()).toContain(values[0])
      await picture(page, 'one-number-evaluation')
    }))

  it('is the same in a comparison and in everything that it is taken along as; there is no best one', () =>
    visit(`/compare?runs=${trained.runId}&tab=figures&metrics=test%2Faccuracy,validation%2Faccuracy,train%2Floss`, async (page) => {
      const table = page.getByTestId('figures')
      await poll(() => table.locator('th[scope=col]').allInnerTexts()).toEqual(['reported', 'last', 'best', 'last', 'last'])
      const value = `${percent(trained.testAccuracy)}%`
      await poll(async () => (await table.locator('tbody td').allInnerTexts()).slice(2, 4).map((text) => text.trim())).toEqual([
        value,
        `${percent(last)}%`,
      ])
      await picture(page, 'one-number-figures')
      const file = async (format: string): Promise<string> =>
        (await downloaded(page, () => page.getByRole('button', { name: format, exact: true }).click())).toString()
      const { testAccuracy, testAccuracyInterval: interval } = trained
      expect(await file('CSV')).toContain(`three numbers,test/accuracy,reported,1,${testAccuracy},`)
      const rows = JSON.parse(await file('JSON')) as { metric: string; reading: string; mean: number; low: number; high: number }[]
      const ours = rows.filter(({ metric }) => metric === 'test/accuracy')
      expect(ours.map(({ reading, mean }) => [reading, mean])).toEqual([
        ['reported', testAccuracy],
        ['last', last],
      ])
      expect([ours[0]!.low, ours[0]!.high]).toEqual(interval)
      const latex = await file('LaTeX')
      expect(latex).toContain('Test accuracy, reported (\\%) & Test accuracy, last (\\%)')
      const [low, high] = interval.map(percent)
      expect(latex).toContain(`three numbers & 1 & $${percent(testAccuracy)}\\;[${low}, ${high}]$ & $${percent(last)}\\;[`)
      expect(latex).not.toContain(percent(greatest))

      await page.getByRole('tab', { name: 'Hyperparameters' }).click()
      const quantities = page.getByTestId('quantities')
      await poll(async () => (await quantities.locator('th').allInnerTexts()).slice(1, 3)).toEqual([
        'Test accuracy, reported',
        'Test accuracy, last',
      ])
      expect((await quantities.locator('tbody td').allInnerTexts()).slice(1, 3)).toEqual([value, `${percent(last)}%`])
    }))
})
