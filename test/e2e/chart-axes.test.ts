import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACTIVE_SECONDS } from '../../src-main/contract/metrics.js'
import { FakeServices } from '../fixtures/fake-services.js'
import { builtWorkbench } from './support/built.js'
import { choose, takenOf } from './support/charts.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { serveFake } from './support/serve-fake.js'
import { lineOf, openPage } from './support/watched-page.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }

/** Where the line ends, in the axis's unit: the end of the axis times the share of the width up to the last pixel that is painted, to some 3 % (the edges of the canvas are outside of it). */
async function lineEnd(page: Page): Promise<number> {
  // As text: what runs in the page has types that the rest of this program does not.
  return page.evaluate<number>(`(() => {
    const chart = document.querySelector('[data-chart="loss"]')
    const canvas = chart.querySelector('canvas.lines')
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    let last = 0
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) last = Math.max(last, ((i - 3) / 4) % canvas.width)
    return ((last + 1) / canvas.width) * Number(chart.dataset.to)
  })()`)
}

describe.skipIf(noBrowser)('what charts are drawn over, and around', () => {
  let browser: Browser
  let pagePath: string

  beforeAll(async () => {
    pagePath = (await builtWorkbench()).page
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  const serve = (fake: FakeServices) => serveFake(fake, pagePath)

  it('lines end on every axis where their last point lies, after 400 steps of 100 of 8,000 images', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create({ ...REQUEST, overrides: { steps: 400 } })
    const steps = Array.from({ length: 400 }, (_, i) => i + 1)
    fake.addPoints(id, 'train/loss', steps.map((step) => ({ step, value: 1 / step }))) // prettier-ignore
    fake.addPoints(id, ACTIVE_SECONDS, steps.map((step) => ({ step, value: 2 * step }))) // prettier-ignore
    const server = await serve(fake)
    const { page, context } = await openPage(browser)
    await page.goto(`${server.windowAddress}#/runs/${id}`)
    await expect.poll(() => lineOf(page, 'train/loss')).toEqual({ count: 400, last: 400 })
    for (const [axis, last] of [
      ['epoch', 5],
      ['images seen', 40_000],
      ['active time', 800],
      ['step', 400],
    ] as const) {
      await choose(page, 'Axis of the charts', axis)
      await expect.poll(async () => Math.abs((await lineEnd(page)) / last - 1), { message: `the axis ${axis}` }).toBeLessThan(0.05)
    }
    await context.close()
    await server.close()
  })

  it('seeds together have the middle and the band that are chosen, with as many runs as there are at each step', async () => {
    const fake = new FakeServices()
    const ids: string[] = []
    for (const seed of [1, 2, 3]) {
      const { id } = await fake.runs.create({ ...REQUEST, name: `deep, seed ${seed}`, overrides: { seed, steps: 1000 } })
      ids.push(id)
      // 1, 1/2 and 1/3 at the first step; the third run ends after it.
      fake.addPoints(id, 'train/loss', Array.from({ length: seed === 3 ? 1 : 2 }, (_, i) => ({ step: i + 1, value: 1 / seed }))) // prettier-ignore
    }
    const server = await serve(fake)
    const { page, context, complaints } = await openPage(browser, { width: 1600 })
    await page.goto(`${server.windowAddress}#/compare?runs=${ids.join(',')}`)
    await page.getByRole('button', { name: 'Seeds together' }).click()
    await page.getByText('deep (3 seeds)').first().waitFor()

    /** Step, runs, middle, and the ends of the band, of every step. */
    const statistics = async (): Promise<number[][]> => {
      const [, ...rows] = (await takenOf(page, 'Training loss (cross-entropy)', 'CSV, statistics by step')).toString().trimEnd().split('\n')
      return rows.map((row) => row.split(',').slice(4).map(Number))
    }
    const mean = 11 / 18
    const deviation = Math.sqrt(((1 - mean) ** 2 + (1 / 2 - mean) ** 2 + (1 / 3 - mean) ** 2) / 2)
    const error = deviation / Math.sqrt(3)
    // Student's t at 97.5 % with two degrees of freedom, from its closed form.
    const t = 0.95 * Math.sqrt(2 / (1 - 0.95 ** 2))
    for (const [middle, band, expected] of [
      ['mean', 'standard deviation', [mean, mean - deviation, mean + deviation]],
      ['mean', 'standard error', [mean, mean - error, mean + error]],
      ['mean', '95% interval (Student t)', [mean, mean - t * error, mean + t * error]],
      ['median', 'range', [1 / 2, 1 / 3, 1]],
    ] as const) {
      await choose(page, 'Middle of a group', middle)
      await choose(page, 'Band of a group', band)
      const [first, second] = await statistics()
      expect(first?.slice(0, 2)).toEqual([1, 3])
      first?.slice(2).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 9))
      expect(second?.slice(0, 3)).toEqual([2, 2, 3 / 4])
    }
    expect(complaints).toEqual([])
    await context.close()
    await server.close()
  })
})
