import { describe, expect, it } from 'vitest'
import { choose, positions, takenOf, valueAt } from './support/charts.js'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { pointsOf, type StoredRun } from './support/stored-runs.js'
import { withWorkbench } from './support/suite.js'

const LOSS = 'Training loss'
const SEEDS = [1, 2, 3, 4]
/** Number of points of each seed; the third reports every other step. */
const LENGTHS = [50, 40, 30, 10]
const stepsOf = (seed: number): number[] => Array.from({ length: LENGTHS[seed - 1]! }, (_, i) => (seed === 3 ? 2 * (i + 1) : i + 1))
const lossOf = (seed: number, step: number): number => 2 / seed + Math.cos(step / 7) / seed
const ALL_STEPS = [...new Set(SEEDS.flatMap(stepsOf))].sort((a, b) => a - b)
const valuesAt = (step: number): number[] => SEEDS.filter((seed) => stepsOf(seed).includes(step)).map((seed) => lossOf(seed, step))

const RUNS = SEEDS.map((seed): StoredRun => {
  const steps = stepsOf(seed)
  const series = { 'train/loss': pointsOf(steps.map((step) => lossOf(seed, step)), (i) => steps[i]!) } // prettier-ignore
  return { id: `deep${seed}`, summary: { name: `deep, seed ${seed}` }, config: { seed, steps: 60 }, series }
})
const address = `/compare?runs=${RUNS.map(({ id }) => id).join(',')}&group=seeds`

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const deviation = (values: number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1))
function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return mean([sorted[Math.ceil(sorted.length / 2) - 1]!, sorted[Math.floor(sorted.length / 2)]!])
}
/** Quantiles of Student's t at 97.5% by degrees of freedom, from printed tables. */
const T = [NaN, 12.706204736, 4.302652730, 3.182446305] // prettier-ignore
const around = (values: number[], half: number): [number, number] => [mean(values) - half, mean(values) + half]

describe.skipIf(noBrowser)('seeds together', () => {
  const suite = withWorkbench({ runs: RUNS })

  it('have the middle and the band that are chosen, over those that have a point at each step, however long each run is', () =>
    suite.visit(
      address,
      async ({ page }) => {
        await page.getByText('deep (4 seeds)').first().waitFor()
        for (const [center, band, middle, edges] of [
          ['mean', 'standard deviation', mean, (all: number[]) => around(all, deviation(all))],
          ['mean', 'standard error', mean, (all: number[]) => around(all, deviation(all) / Math.sqrt(all.length))],
          ['mean', '95% interval (Student t)', mean, (all: number[]) => around(all, (T[all.length - 1]! * deviation(all)) / Math.sqrt(all.length))], // prettier-ignore
          ['median', 'range', median, (all: number[]) => [Math.min(...all), Math.max(...all)]],
        ] as const) {
          await choose(page, 'Centre of a group', center)
          await choose(page, 'Band of a group', band)
          const rows = (await takenOf(page, LOSS, 'CSV (group statistics by step)')).toString().trimEnd().split('\n').slice(1)
          expect(rows).toHaveLength(ALL_STEPS.length)
          rows.forEach((row, i) => {
            const [, , shown, , step, n, value, ...ends] = row.split(',')
            const there = valuesAt(ALL_STEPS[i]!)
            expect([shown, Number(step), Number(n)]).toEqual([center, ALL_STEPS[i], there.length])
            expect(Number(value)).toBeCloseTo(middle(there), 12)
            if (there.length === 1 && band !== 'range') return expect(ends).toEqual(['', ''])
            edges(there).forEach((edge, side) => expect(Number(ends[side])).toBeCloseTo(edge, 8))
          })
        }
        await picture(page, 'seeds')
      },
      { width: 1600 },
    ))

  it('say under the pointer how many they are there', () =>
    suite.visit(address, async ({ page }) => {
      await page.getByText('deep (4 seeds)').first().waitFor()
      const x = await positions(page, 'train/loss')
      for (const step of [1, 2, 10, 11, 12, 13, 41, 42, 43, 50, 52, 60]) {
        // If no run has a point, the value of the previous step is shown.
        const at = ALL_STEPS.findLast((one) => one <= step)!
        expect(await valueAt(page, 'train/loss', 'deep1', x(step)), `step ${step}`).toMatch(new RegExp(` · n=${valuesAt(at).length}$`))
      }
    }))
})
