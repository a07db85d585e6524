import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { ACTIVE_SECONDS } from '../../src-main/contract/metrics.js'
import { choose, chooseOf, drawnChart, FIRST_LINE, linesPicture, NO_NUMBER, positions, valueAt } from './support/charts.js'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { BEGAN, pointsOf, type StoredRun } from './support/stored-runs.js'
import { withWorkbench } from './support/suite.js'
import { lineOf } from './support/watched-page.js'

const STEPS = Array.from({ length: 60 }, (_, i) => i + 1)
const at = (special: Record<number, number>, others: (step: number) => number): number[] =>
  STEPS.map((step) => special[step] ?? others(step))
const run = (id: string, values: number[], more: Partial<StoredRun> = {}): StoredRun => ({
  id,
  config: { steps: values.length },
  series: { 'train/loss': pointsOf(values) },
  ...more,
})

/** Seconds after the start: the run pauses for 500 seconds after step 30. */
const clock = (step: number): number => (step <= 30 ? step : step + 500)
const MILLION = 1_000_000
const SPIKE = 500_001

const RUNS = [
  run(
    'outliers',
    at({ 20: 50, 40: -40 }, (step) => 1 + 0.1 * Math.sin(step)),
  ),
  run(
    'nonfinite',
    at({ 10: NaN, 20: Infinity, 30: -Infinity }, () => 1),
  ),
  run(
    'nonumber',
    at({}, () => NaN),
  ),
  run('timed', at({}, Math.sqrt), {
    series: {
      'train/loss': { ...pointsOf(STEPS.map(Math.sqrt)), times: Float64Array.from(STEPS, (step) => BEGAN + 1000 * clock(step)) },
      [ACTIVE_SECONDS]: pointsOf(STEPS),
      'train/gradientNorm': pointsOf(STEPS.filter((step) => step % 2 === 0), (i) => 2 * (i + 1)), // prettier-ignore
    },
    config: { steps: 60, batch: 32 },
  }),
  run('decades', at({ 5: 0 }, (step) => 10 ** ((1 - step) / 15)).concat(1e-4)),
  run(
    'noisy',
    at({ 30: 10 }, (step) => 1 + 0.1 * Math.sin(step * step)),
  ),
  run(
    'million',
    Array.from({ length: MILLION }, (_, i) => (i + 1 === SPIKE ? 50 : 1 + 0.1 * Math.sin(i))),
  ),
]

/** The row of pixels around which a chart's line is painted in a column. */
const rowAt = async (page: Page, x: number): Promise<number> => {
  const rows = (await linesPicture(page, 'loss')).rows(x, FIRST_LINE)
  return rows.reduce((sum, row) => sum + row, 0) / rows.length
}

describe.skipIf(noBrowser)('what a chart shows is what was reported', () => {
  const suite = withWorkbench({ runs: RUNS })
  const visit = (id: string, use: (page: Page) => Promise<void>): Promise<void> =>
    suite.visit(`/runs/${id}`, async ({ page }) => {
      const last = id === 'million' ? MILLION : id === 'decades' ? 61 : 60
      await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 30_000 }).toEqual({ count: last, last })
      await use(page)
    })

  it('outliers stay out of the scale where that is asked for, are marked and can be read there, also after a reload', () =>
    visit('outliers', async (page) => {
      const whole = (await drawnChart(page, 'Loss')).y
      expect(whole[0]).toBeLessThanOrEqual(-40)
      expect(whole[1]).toBeGreaterThanOrEqual(50)
      await chooseOf(page, 'Loss', 'Ignore outliers in axis range')
      const narrow = (await drawnChart(page, 'Loss')).y
      expect(narrow[0]).toBeGreaterThan(0)
      expect(narrow[1]).toBeLessThan(2)
      await page.getByTitle('2 values lie outside the axis range').waitFor()
      const x = await positions(page, 'loss')
      /** The markers of the outlier at the upper edge and at the bottom, where there is no line. */
      const marks = async (): Promise<number[]> => {
        const lines = await linesPicture(page, 'loss')
        return [20, 40].map((step) => lines.rows(x(step) - 2, FIRST_LINE).filter((y) => y < 24 || y > lines.height * 0.8).length)
      }
      await expect.poll(async () => Math.min(...(await marks()))).toBeGreaterThan(1)
      expect(await valueAt(page, 'loss', 'train/loss', x(20))).toBe('50.00')
      expect(await valueAt(page, 'loss', 'train/loss', x(40))).toBe('−40.00')
      await picture(page, 'outliers')
      await page.reload()
      await page.getByTitle('2 values lie outside the axis range').waitFor()
      expect((await drawnChart(page, 'Loss')).y).toEqual(narrow)
      await chooseOf(page, 'Loss', 'Ignore outliers in axis range')
      await page.getByText('clipped').waitFor({ state: 'detached' })
      expect((await drawnChart(page, 'Loss')).y).toEqual(whole)
    }))

  it('NaN and infinities are crosses at their steps, with a gap in the line, and the pointer names them', () =>
    visit('nonfinite', async (page) => {
      const x = await positions(page, 'loss')
      await expect.poll(async () => (await linesPicture(page, 'loss')).rows(x(15), FIRST_LINE).length).toBeGreaterThan(0)
      const lines = await linesPicture(page, 'loss')
      for (const step of [10, 20, 30]) {
        const crosses = lines.rows(x(step), NO_NUMBER)
        expect(crosses.length).toBeGreaterThan(0)
        expect(Math.min(...crosses)).toBeGreaterThan(lines.height * 0.6)
        expect(lines.rows(x(step), FIRST_LINE)).toEqual([])
      }
      for (const step of [5, 15, 25]) expect(lines.rows(x(step), NO_NUMBER)).toEqual([])
      const told = []
      for (const step of [10, 20, 30, 31]) told.push(await valueAt(page, 'loss', 'train/loss', x(step)))
      expect(told).toEqual(['NaN', '∞', '−∞', '1.000'])
      await picture(page, 'nonfinite')
    }))

  it('a run of nothing but NaN is no empty chart', () =>
    visit('nonumber', async (page) => {
      await page.getByText('All values are NaN or infinite').first().waitFor()
      const x = await positions(page, 'loss')
      for (const step of [1, 30, 59])
        await expect.poll(async () => (await linesPicture(page, 'loss')).rows(x(step), NO_NUMBER).length).toBeGreaterThan(0)
      expect(await valueAt(page, 'loss', 'train/loss', x(30))).toBe('NaN')
      await picture(page, 'nothing-but-nan')
    }))

  it('points lie on every axis where they were reported: wall time since start counts a rest, training time does not', () =>
    visit('timed', async (page) => {
      for (const [axis, unit, place] of [
        ['wall time since start', ' (s)', clock],
        ['training time', ' (s)', (step: number) => step],
        ['epoch', '', (step: number) => step / 100],
        ['images seen', '', (step: number) => step * 32],
        ['step', '', (step: number) => step],
      ] as const) {
        await choose(page, 'X axis', axis)
        const drawn = await drawnChart(page, 'Loss')
        expect(drawn.xLabel).toBe(`${axis}${unit}`)
        expect(drawn.lines).toHaveLength(1)
        expect(drawn.lines[0]!.points.map(([, value]) => value)).toEqual(STEPS.map(Math.sqrt))
        drawn.lines[0]!.points.forEach(([position], i) => expect(position).toBeCloseTo(place(i + 1), 9))
        const x = await positions(page, 'loss')
        expect(await valueAt(page, 'loss', 'train/loss', x(place(36)))).toBe('6.000')
      }
    }))

  it('zoom and cursor are those of all charts of the page', () =>
    visit('timed', async (page) => {
      const span = (chart: string) =>
        page.locator(`[data-chart="${chart}"]`).evaluate(({ dataset }) => [Number(dataset['from']), Number(dataset['to'])])
      const x = await positions(page, 'loss')
      const { x: left, y: top } = (await page.locator('[data-chart="loss"] .frame').boundingBox())!
      await page.mouse.move(left + x(21), top + 100)
      await page.mouse.down()
      await page.mouse.move(left + x(41), top + 100, { steps: 4 })
      await page.mouse.up()
      const [from, to] = await span('loss')
      expect(from).toBeCloseTo(21, 0)
      expect(to).toBeCloseTo(41, 0)
      expect(await span('train/gradientNorm')).toEqual([from, to])
      // Read in one chart, shown in both: the last point of each there.
      const near = await positions(page, 'loss')
      expect(await valueAt(page, 'loss', 'train/loss', near(25))).toBe('5.000')
      expect(await page.locator('[data-chart="train/gradientNorm"] .cursor .at').innerText()).toBe('25')
      expect(await page.locator('[data-line="train/gradientNorm"] b').innerText()).toBe('24.00')
      await page.getByLabel('Reset zoom: Loss').click()
      await expect.poll(() => span('train/gradientNorm')).toEqual([0, 60])
    }))

  it('either axis is logarithmic: a decade is as long as another, and what such an axis cannot show is marked', () =>
    visit('decades', async (page) => {
      /** How far down the line is half way between step 2 and 60. */
      const middle = async (): Promise<number> => {
        const x = await positions(page, 'loss')
        const [top, at, bottom] = [await rowAt(page, x(2)), await rowAt(page, x(31)), await rowAt(page, x(60))]
        return (at - top) / (bottom - top)
      }
      await expect.poll(middle).toBeGreaterThan(0.95)
      await page.getByLabel('log axis: Loss').click()
      await expect.poll(middle).toBeCloseTo(0.5, 1)
      const linear = await positions(page, 'loss')
      const lines = await linesPicture(page, 'loss')
      expect(lines.rows(linear(5) - 2, FIRST_LINE).filter((y) => y > lines.height * 0.8).length).toBeGreaterThan(1)
      await page.getByLabel('Log x axis').click()
      await expect.poll(async () => (await drawnChart(page, 'Loss')).logarithmic).toEqual({ x: true, y: true })
      const drawn = await drawnChart(page, 'Loss')
      expect([drawn.x, drawn.y.map((end) => Number(end.toPrecision(12)))]).toEqual([
        [1, 61],
        [1e-4, 1],
      ])
      const x = await positions(page, 'loss', true)
      // The square root of 61 is in the middle.
      expect((x(Math.sqrt(61)) - x(1)) / (x(61) - x(1))).toBeCloseTo(0.5, 6)
      expect(await valueAt(page, 'loss', 'train/loss', x(8))).toBe('0.3415')
      expect(await valueAt(page, 'loss', 'train/loss', x(5))).toBe('0')
      await picture(page, 'decades')
    }))

  it('smoothing has no bias and leaves the line as it was behind it', () =>
    visit('noisy', async (page) => {
      const values = [...RUNS[5]!.series['train/loss']!.values]
      await page.getByLabel('Smoothing weight').fill('1')
      await page.getByText('0.900').waitFor()
      let mean = 0
      const smooth = values.map((value, i) => (mean = 0.9 * mean + 0.1 * value) / (1 - 0.9 ** (i + 1)))
      const { lines } = await drawnChart(page, 'Loss')
      expect(lines.map(({ behind }) => behind)).toEqual([true, false])
      expect(lines[0]!.points).toEqual(values.map((value, i) => [i + 1, value]))
      lines[1]!.points.forEach(([step, value], i) => {
        expect(step).toBe(i + 1)
        expect(value).toBeCloseTo(smooth[i]!, 12)
      })
      const x = await positions(page, 'loss')
      // At the spike, the pale original line rises, but the smoothed one does not.
      const top = async (faint: boolean): Promise<number> => Math.min(...(await linesPicture(page, 'loss')).rows(x(30), FIRST_LINE, faint))
      await expect.poll(() => top(true)).toBeLessThan(60)
      expect(await top(false)).toBeGreaterThan(120)
      expect(await valueAt(page, 'loss', 'train/loss', x(30))).toBe('10.00')
      await picture(page, 'smoothed')
    }))

  it('a spike of one step among a million is seen at every zoom', () =>
    visit('million', async (page) => {
      const frame = page.locator('[data-chart="loss"] .frame')
      for (let zoom = 0; zoom <= 13; zoom++) {
        const x = await positions(page, 'loss')
        await expect.poll(async () => Math.min(...(await linesPicture(page, 'loss')).rows(x(SPIKE), FIRST_LINE))).toBeLessThan(40)
        await frame.focus()
        await page.keyboard.press('+')
      }
      const x = await positions(page, 'loss')
      expect(x(SPIKE + 1) - x(SPIKE)).toBeGreaterThan(4)
      expect(await valueAt(page, 'loss', 'train/loss', x(SPIKE))).toBe('50.00')
    }))
})
