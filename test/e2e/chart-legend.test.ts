import { describe, expect, it } from 'vitest'
import { drawnChart, takenOf } from './support/charts.js'
import { noBrowser } from './support/chromium.js'
import { readPdf } from './support/pdf.js'
import { picture } from './support/picture.js'
import { pointsOf, type StoredRun } from './support/stored-runs.js'
import { withWorkbench } from './support/suite.js'
import { unreadable } from './support/take.js'
import { seriousFindings } from './support/watched-page.js'
import { slice } from '../fixtures/slice.js'

const TITLE = 'Training loss'
const RUNS = Array.from({ length: 50 }, (_, i): StoredRun => {
  const name = `hamiltonian-74 on mnist, h ${(i + 1) / 50}, augmented, seed ${i + 1}`
  const values = Array.from({ length: 20 }, (_, step) => 3 + Math.sin(i + step / 5))
  const series = { 'train/loss': pointsOf(values), 'test/accuracy': pointsOf([0.5, 0.6], (at) => 10 * (at + 1)) }
  return { id: `many${String(i).padStart(2, '0')}`, summary: { name }, config: { seed: i + 1, steps: 20 }, series }
})
const names = RUNS.map(({ summary }) => summary!.name!)
const address = (count: number): string => `/compare?runs=${RUNS.slice(0, count).map(({ id }) => id).join(',')}` // prettier-ignore

describe.skipIf(noBrowser)('the legend of a chart', () => {
  const suite = withWorkbench({ runs: RUNS })

  it.each(slice([1100, 1600], import.meta.filename))(
    'can be read with 50 runs, each of which can be reached, hidden, shown alone and found (%i pixels)',
    (width) =>
      suite.visit(
        address(50),
        async ({ page }) => {
          const chart = page.locator('[data-chart="train/loss"]')
          const entries = chart.locator('[data-line]')
          await expect.poll(() => chart.locator('[data-line][data-count="20"]').count(), { timeout: 20_000 }).toBe(50)
          await picture(page, `legend-${width}`)
          expect(await entries.locator('.label').allInnerTexts()).toEqual(names)
          const cut = await entries
            .locator('.label')
            .evaluateAll(
              (labels) =>
                labels.filter((each) => each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1).length,
            )
          expect(cut).toBe(0)
          const looks = await entries
            .locator('line')
            .evaluateAll((lines) => lines.map((line) => `${line.getAttribute('stroke')} ${line.getAttribute('stroke-dasharray')}`))
          expect(new Set(looks).size).toBe(50)
          // The plot keeps most of the space, and the legend is no higher than the chart.
          const [frame, legend, whole] = await Promise.all(['.frame', '.legend', ':scope'].map((part) => chart.locator(part).boundingBox()))
          expect(frame!.width).toBeGreaterThan(0.6 * whole!.width)
          expect(legend!.height).toBeLessThanOrEqual(frame!.height + 1)

          const entry = (i: number) => entries.nth(i).getByRole('button')
          await entry(49).focus()
          const last = (await entry(49).boundingBox())!
          expect(last.y + last.height).toBeLessThanOrEqual(legend!.y + legend!.height + 1)
          await page.keyboard.press('Enter')
          await expect.poll(() => entry(49).getAttribute('aria-pressed')).toBe('false')
          await page.keyboard.press('Enter')
          await expect.poll(() => entry(49).getAttribute('aria-pressed')).toBe('true')
          await page.keyboard.press('Enter')
          await entry(36).click()
          expect((await drawnChart(page, TITLE)).legend).toEqual(names.filter((_, i) => i !== 36 && i !== 49))
          await entry(7).dblclick()
          expect((await drawnChart(page, TITLE)).legend).toEqual([names[7]])
          await chart.getByRole('button', { name: 'Show all' }).click()
          expect((await drawnChart(page, TITLE)).legend).toEqual(names)
          await chart.getByLabel('Filter the legend').fill('SEED 31')
          await expect.poll(() => entries.locator('.label').allInnerTexts()).toEqual([names[30]])
          expect(await seriousFindings(page)).toEqual([])
        },
        { width },
      ),
  )

  it.each(slice([3, 6, 50], import.meta.filename))('stands in what is taken along, whole and beside the plot: %i runs', (count) =>
    suite.visit(address(count), async ({ page }) => {
      await expect
        .poll(() => page.locator('[data-chart="train/loss"] [data-line][data-count="20"]').count(), { timeout: 20_000 })
        .toBe(count)
      const svg = (await takenOf(page, TITLE, 'SVG')).toString()
      expect(await unreadable(page, svg)).toEqual([])
      const pdf = readPdf(await takenOf(page, TITLE, 'PDF')).texts.join('\n')
      for (const name of names.slice(0, count)) for (const file of [svg, pdf]) expect(file).toContain(name)
    }),
  )
})
