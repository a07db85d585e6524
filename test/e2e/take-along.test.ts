import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Points } from '../../src-main/contract/metrics.js'
import { choose, takenOf } from './support/charts.js'
import { noBrowser } from './support/chromium.js'
import { openMenu } from './support/menu.js'
import { readPdf } from './support/pdf.js'
import { pointsOf, storedPoints, withStores } from './support/stored-runs.js'
import { withWorkbench, type Workbench } from './support/suite.js'
import { downloaded } from './support/take.js'
import { foreign, lineOf, openPage, seriousFindings } from './support/watched-page.js'
import { openWorkbench } from './support/workbench.js'

/** More than one request's range of points, with every kind of double. */
const COUNT = 150_000
const SPECIAL = [NaN, Infinity, -Infinity, -0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1 / 3]
const valueOf = (i: number): number => (i % 1000 < SPECIAL.length ? SPECIAL[i % 1000]! : Math.sin(i) * 10 ** ((i % 40) - 20))
const LONG = pointsOf(Array.from({ length: COUNT }, (_, i) => valueOf(i)))
const SHORT = { ...pointsOf([1 / 7, NaN, -0], (i) => 50_000 * (i + 1)), times: Float64Array.of(1e12 + 1, 1.7e12 + 123, 1.8e12 + 789) }
const RUN = {
  id: 'stored',
  summary: { name: 'as it is, "stored"' },
  config: { steps: COUNT },
  series: { 'train/loss': LONG, 'test/loss': SHORT },
}

/** Point by point the same doubles, including NaN and -0. */
function expectSame(found: Points, wanted: Points): void {
  expect(found.steps.length).toBe(wanted.steps.length)
  for (const part of ['steps', 'values', 'times'] as const) {
    const other = wanted[part]
    expect(found[part].findIndex((value, i) => !Object.is(value, other[i]))).toBe(-1)
  }
}

const sums = (folder: string, files: string[]): string[] =>
  files.map((file) => createHash('sha256').update(readFileSync(join(folder, file))).digest('hex')) // prettier-ignore

describe.skipIf(noBrowser)('what is taken along', () => {
  const suite = withWorkbench({ runs: [RUN], stepMs: 2 })
  let other: Workbench
  beforeAll(async () => {
    other = await openWorkbench()
  })
  afterAll(async () => {
    await other?.close()
  })

  it('of a chart are as many rows as points are stored, each the same double, and a picture with names in every format', () =>
    suite.visit(`/runs/${RUN.id}`, async ({ page }) => {
      await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 30_000 }).toEqual({ count: COUNT, last: COUNT })
      const { home } = suite.workbench
      const keys = ['train/loss', 'test/loss'] as const
      const stored = await Promise.all(keys.map((key) => storedPoints(home, RUN.id, key)))
      expectSame(stored[0]!, LONG)

      const lines = (await takenOf(page, 'Loss', 'CSV (all points)')).toString().trimEnd().split('\n')
      expect(lines.shift()).toBe('run,name,metric,step,value,time_ms')
      expect(lines).toHaveLength(COUNT + SHORT.steps.length)
      const head = `stored,"as it is, ""stored""",`
      expect(lines.every((line) => line.startsWith(head))).toBe(true)
      const rows = lines.map((line) => line.slice(head.length).split(','))
      const column = (key: string, at: number): Float64Array => Float64Array.from(rows.filter(([metric]) => metric === key), (row) => Number(row[at])) // prettier-ignore
      keys.forEach((key, i) => expectSame({ steps: column(key, 1), values: column(key, 2), times: column(key, 3) }, stored[i]!))

      const json = JSON.parse((await takenOf(page, 'Loss', 'JSON (all points)')).toString()) as Record<string, (number | string)[]>[]
      expect(json.map(({ metric }) => metric)).toEqual([...keys])
      const numbers = (list: (number | string)[] | undefined): Float64Array => Float64Array.from(list!, Number)
      json.forEach(({ steps, values, times }, i) =>
        expectSame({ steps: numbers(steps), values: numbers(values), times: numbers(times) }, stored[i]!),
      )

      const svg = (await takenOf(page, 'Loss', 'SVG')).toString()
      const pdf = readPdf(await takenOf(page, 'Loss', 'PDF'))
      for (const text of ['Loss', 'training', 'test', 'step']) {
        expect(svg).toContain(`>${text}</text>`)
        expect(pdf.texts).toContain(text)
      }
      const png = await sharp(await takenOf(page, 'Loss', 'PNG')).metadata()
      const [, width, height] = /^<svg width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number)
      // Enough for print: three pixels per point.
      expect([png.format, png.width, png.height]).toEqual(['png', 3 * width!, 3 * height!])
      const latex = (await takenOf(page, 'Loss', 'PGFPlots')).toString()
      for (const part of ['\\begin{axis}', '\\addlegendentry{training}', '\\addlegendentry{test}', '\\end{tikzpicture}']) expect(latex).toContain(part) // prettier-ignore
    }))

  /** Exports the run of a page to a file in the export folder, using its menu; returns the absolute path. */
  async function exportRun(page: Page, name: string, format?: string): Promise<string> {
    const file = join(suite.workbench.home, 'exports', name)
    await openMenu(page.getByTestId('run-menu'))
    await page.locator('.v-list-item-title', { hasText: /^Export …$/ }).click()
    const dialog = page.getByRole('dialog')
    if (format) await choose(page, 'Format', format)
    await dialog.getByTestId('run-file-path').locator('input').fill(name)
    expect(await seriousFindings(page)).toEqual([])
    await dialog.getByTestId('run-file-go').click()
    await page.getByText(`to ${file}`).waitFor()
    return file
  }

  /** Imports a file into the other home, in one of its windows, and uses the page that it leads to. */
  async function importRun(file: string, use: (page: Page, id: string) => Promise<void>): Promise<void> {
    const { page, context, complaints, addresses } = await openPage(suite.browser)
    await page.goto(`${other.server.windowAddress}#/runs`)
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByTestId('run-file-path').locator('input').fill(file)
    await page.getByTestId('run-file-go').click()
    await page.waitForURL(/#\/runs\/[a-z0-9]+/)
    await use(page, /runs\/([a-z0-9]+)/.exec(page.url())![1]!)
    expect(complaints).toEqual([])
    expect(foreign(addresses, String(other.server.port))).toEqual([])
    await context.close()
  }

  it('as a TensorBoard event file are all scalars of a run, which come back exactly', () =>
    suite.visit(`/runs/${RUN.id}`, async ({ page }) => {
      const file = await exportRun(page, 'events.out.tfevents.1', 'TensorBoard event file (scalars only)')
      await importRun(file, async (there, id) => {
        await expect.poll(() => lineOf(there, 'train/loss'), { timeout: 30_000 }).toEqual({ count: COUNT, last: COUNT })
        for (const [key, points] of Object.entries(RUN.series)) expectSame(await storedPoints(other.home, id, key), points)
        expect(await withStores(other.home, ({ series }) => series.counts(id).map(({ key }) => key))).toEqual(['test/loss', 'train/loss'])
      })
    }))

  it('as an archive is the whole run: points, checkpoints, configuration, notes and log, in another home', async () => {
    const { services, home } = suite.workbench
    const request = { preset: 'hamiltonian-quick', dataset: 'mnist', name: 'travels' }
    const { id } = await services.runs.create({ ...request, overrides: { steps: 40, h: 0.07, seed: 9 } })
    await expect.poll(async () => (await services.runs.get({ id })).status, { timeout: 20_000 }).toBe('finished')
    await services.runs.setNotes({ id, notes: '## Why\n\nBecause it **travels**.' })
    await withStores(home, ({ series }) => series.append(id, 'train/gradientNorm', LONG))
    const before = await services.runs.get({ id })
    const files = before.checkpoints.map(({ file }) => file)
    expect(files.length).toBeGreaterThan(2)

    let file = ''
    await suite.visit(`/runs/${id}`, async ({ page }) => void (file = await exportRun(page, 'travels.retrace.tar.gz')))
    await importRun(file, async (page, there) => {
      await page.getByRole('heading', { name: 'travels' }).waitFor()
      await expect.poll(() => lineOf(page, 'train/loss')).toEqual({ count: 40, last: 40 })
      await page.getByRole('tab', { name: 'Notes' }).click()
      await page.locator('strong', { hasText: 'travels' }).waitFor()
      await page.getByRole('tab', { name: /Checkpoints/ }).click()
      await expect.poll(() => page.locator('tr[data-checkpoint]').count()).toBe(files.length)
      // The export from the other home equals what the trainer wrote into this one.
      const last = page.locator('tr[data-checkpoint="40"]').first()
      expect(JSON.parse((await downloaded(page, () => last.getByTestId('download').click())).toString())).toEqual({ step: 40 })
      await page.getByRole('tab', { name: 'Configuration' }).click()
      await page.getByText('0.07').first().waitFor()

      const after = await other.services.runs.get({ id: there })
      const latest = { ...before.latest, 'train/gradientNorm': LONG.values.at(-1) }
      // The other home reads the values of a checkpoint's step from the series, to which points were added after it was made.
      const checkpoints = before.checkpoints.map((checkpoint) => {
        const at = LONG.steps.indexOf(checkpoint.step)
        return { ...checkpoint, metrics: { ...checkpoint.metrics, ...(at >= 0 && { 'train/gradientNorm': LONG.values[at] }) } }
      })
      expect({ ...after, queueOrder: 0 }).toEqual({ ...before, queueOrder: 0, latest, checkpoints })
      const folderOf = (at: string, run: string): string => join(at, 'runs', run, 'checkpoints')
      expect(sums(folderOf(other.home, there), files)).toEqual(sums(folderOf(home, id), files))
      for (const { key } of await withStores(home, ({ series }) => series.counts(id)))
        expectSame(await storedPoints(other.home, there, key), await storedPoints(home, id, key))
      const log = async (from: Workbench, run: string) => (await from.services.runs.log({ id: run, limit: 100 })).entries.map(({ at, level, message }) => ({ at, level, message })) // prettier-ignore
      expect(await log(other, there)).toEqual(await log(suite.workbench, id))
    })
  })
})
