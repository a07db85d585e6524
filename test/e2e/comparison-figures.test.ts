import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { drawnChart, takenOf } from './support/charts.js'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { pointsOf, withStores, type StoredRun } from './support/stored-runs.js'
import { withWorkbench } from './support/suite.js'
import { downloaded, unreadable } from './support/take.js'
import { lineOf, seriousFindings } from './support/watched-page.js'

const LOSS = 'Training loss (cross-entropy)'
/** How many points each seed has. */
const LENGTHS = [50, 40, 30, 10]
const stepsOf = (seed: number): number[] => Array.from({ length: LENGTHS[seed - 1]! }, (_, i) => i + 1)
const lossOf = (seed: number, step: number): number => 2 / seed + Math.cos(step / 7) / seed
/** The best accuracy is the second of three. */
const accuraciesOf = (seed: number): number[] => [0.89 + seed / 1000, 0.92 + seed / 1000, 0.91 + seed / 1000]

const SEEDS = [1, 2, 3, 4].map((seed): StoredRun => ({
  id: `deep${seed}`,
  summary: { name: `deep, seed ${seed}` },
  config: { preset: 'hamiltonian-74', dataset: 'cifar10', seed, steps: 60 },
  series: {
    'train/loss': pointsOf(stepsOf(seed).map((step) => lossOf(seed, step))),
    'test/accuracy': pointsOf(accuraciesOf(seed), (i) => 20 * (i + 1)),
  },
}))
const WIDE: StoredRun = {
  id: 'wide',
  summary: { name: 'wide', baseline: true },
  config: { preset: 'hamiltonian-74', dataset: 'cifar10', h: 0.3, steps: 60 },
  series: { 'train/loss': pointsOf([3, 0.5, 1]), 'test/accuracy': pointsOf([0.8, 0.95, 0.94], (i) => 20 * (i + 1)) },
}
const OTHER: StoredRun = {
  id: 'other',
  config: { preset: 'something else', dataset: 'cifar10', steps: 60 },
  series: { 'test/accuracy': pointsOf([0.3, 0.4]) },
}
const ids = [...SEEDS, WIDE].map(({ id }) => id)

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const deviation = (values: number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1))
const finals = SEEDS.map((_, i) => accuraciesOf(i + 1)[2]!)
const bests = SEEDS.map((_, i) => accuraciesOf(i + 1)[1]!)
const percent = (value: number): string => `${(100 * value).toFixed(2)}%`
const points = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(2)} pp`

describe.skipIf(noBrowser)('the figures of a comparison', () => {
  const suite = withWorkbench({ runs: [...SEEDS, WIDE, OTHER] })

  /** What the table says of a row in a column: the value, the difference to the baseline, and whether it is the best. */
  async function figure(page: Page, row: string, column: string): Promise<{ value: string; difference: string | null; best: boolean }> {
    const table = page.getByTestId('figures')
    const metrics = await table
      .locator('th[scope=colgroup]')
      .evaluateAll((heads) =>
        heads.flatMap((head) => Array.from({ length: Number(head.getAttribute('colspan')) }, () => head.textContent.trim())),
      )
    const columns = (await table.locator('th[scope=col]').allInnerTexts()).map((kind, i) => `${metrics[i]}, ${kind}`)
    expect(columns).toContain(column)
    // After the name and n.
    const cell = table.locator(`[data-row="${row}"] td`).nth(2 + columns.indexOf(column))
    const difference = cell.locator('.difference')
    const whole = await cell.innerText()
    return {
      value: whole.split('\n')[0]!.trim(),
      difference: (await difference.count()) > 0 ? (await difference.innerText()).trim() : null,
      best: (await cell.locator('b').count()) > 0,
    }
  }

  it('are final and best values, with the difference to whichever is the baseline, kept in the address', () =>
    suite.visit(`/compare?runs=${ids.join(',')}&group=seeds&tab=figures`, async ({ page }) => {
      const spread = (100 * deviation(finals)).toFixed(2)
      const wide = { value: '94.00%', difference: null, best: true }
      await expect.poll(() => figure(page, 'wide', 'Test accuracy, final')).toEqual(wide)
      expect(await figure(page, 'deep1', 'Test accuracy, final')).toEqual({
        value: `${percent(mean(finals))} ± ${spread}`,
        difference: null,
        best: false,
      })
      expect(await figure(page, 'wide', 'Test accuracy, best')).toEqual({ value: '95.00%', difference: null, best: true })
      // The last loss of the one, and its least before that.
      expect(await figure(page, 'wide', `${LOSS}, final`)).toMatchObject({ value: '1.000' })
      expect(await figure(page, 'wide', `${LOSS}, best`)).toMatchObject({ value: '0.5000' })

      await page.getByRole('button', { name: 'Compare with wide as the baseline' }).click()
      await expect.poll(() => figure(page, 'deep1', 'Test accuracy, final')).toMatchObject({ difference: points(mean(finals) - 0.94) })
      expect(await figure(page, 'deep1', 'Test accuracy, best')).toMatchObject({ difference: points(mean(bests) - 0.95) })
      expect(await figure(page, 'wide', 'Test accuracy, final')).toEqual(wide)
      // Less loss is better: the sign says which way, the colour whether that is good.
      const loss = page.locator('[data-row="deep1"] .difference').first()
      const less = mean(SEEDS.map((_, i) => lossOf(i + 1, stepsOf(i + 1).at(-1)!))) - 1
      expect(await loss.innerText()).toBe(`${less < 0 ? '−' : '+'}${Math.abs(less).toPrecision(3)}`)
      expect(await loss.getAttribute('class')).toContain(less < 0 ? 'good' : 'bad')
      expect(page.url()).toContain('baseline=wide')

      await page.getByRole('button', { name: 'Compare with deep as the baseline' }).click()
      const other = { ...wide, difference: points(0.94 - mean(finals)) }
      await expect.poll(() => figure(page, 'wide', 'Test accuracy, final')).toEqual(other)
      await page.reload()
      await expect.poll(() => figure(page, 'wide', 'Test accuracy, final')).toEqual(other)
      expect(await seriousFindings(page)).toEqual([])
      await picture(page, 'figures')
      await page.getByRole('button', { name: 'Compare with deep as the baseline' }).click()
      await expect.poll(() => page.locator('.difference').count()).toBe(0)
    }))

  it('have the run that is marked as the baseline for their baseline, where it is among those chosen', () =>
    suite.visit('/runs', async ({ page }) => {
      for (const name of ['wide', 'deep, seed 1']) await page.getByRole('row', { name }).getByRole('checkbox').click()
      await page.getByTestId('compare').click()
      await page.waitForURL(/baseline=wide/)
      await page.getByRole('tab', { name: 'Figures' }).click()
      await expect.poll(() => figure(page, 'deep1', 'Test accuracy, final')).toMatchObject({ difference: points(finals[0]! - 0.94) })
    }))

  it('go into papers and programs: the best in bold, mean and deviation, every digit', () =>
    suite.visit(`/compare?runs=${ids.join(',')}&group=seeds&tab=figures`, async ({ page }) => {
      await expect.poll(() => figure(page, 'wide', 'Test accuracy, final')).toMatchObject({ value: '94.00%' })
      const table = async (format: string): Promise<string> =>
        (await downloaded(page, () => page.getByRole('button', { name: format, exact: true }).click())).toString()
      const latex = (await table('LaTeX')).split('\n')
      const row = (name: string): string[] => latex.find((line) => line.startsWith(name))!.replace(/ \\\\$/, '').split(' & ') // prettier-ignore
      expect(latex.find((line) => line.startsWith('Run'))).toContain('Test accuracy, final (\\%) & Test accuracy, best (\\%)')
      expect(row('deep').slice(0, 2)).toEqual(['deep', '4'])
      expect(row('deep').slice(4)).toEqual(
        [finals, bests].map((all) => `$${(100 * mean(all)).toFixed(2)} \\pm ${(100 * deviation(all)).toFixed(2)}$`),
      )
      expect(row('wide').slice(4)).toEqual(['$\\mathbf{94.00}$', '$\\mathbf{95.00}$'])

      const figures = JSON.parse(await table('JSON')) as Record<string, number | string>[]
      // Two rows, two metrics, final and best.
      expect(figures).toHaveLength(8)
      const best = figures.find(({ run, metric, kind }) => run === 'deep' && metric === 'test/accuracy' && kind === 'best')!
      expect(best).toMatchObject({ n: 4, min: bests[0], max: bests[3] })
      expect(best['mean']).toBeCloseTo(mean(bests), 14)
      expect(best['deviation']).toBeCloseTo(deviation(bests), 14)
      const lines = (await table('CSV')).trimEnd().split('\n')
      expect(lines).toHaveLength(9)
      expect(lines).toContain(
        `deep,test/accuracy,best,4,${['mean', 'median', 'deviation', 'error', 'min', 'max'].map((key) => best[key]).join(',')}`,
      )
    }))

  it('and all points behind them are as many as are stored; of the configurations only what differs is shown', () =>
    suite.visit(`/compare?runs=${ids.join(',')}`, async ({ page }) => {
      await page.locator('[data-chart="train/loss"] [data-line="wide"]').waitFor()
      const lines = (await takenOf(page, LOSS, 'CSV, every point')).toString().trimEnd().split('\n').slice(1)
      const stored = await withStores(suite.workbench.home, ({ series }) =>
        ids.map((id) => series.counts(id).find(({ key }) => key === 'train/loss')!.count),
      )
      expect(stored).toEqual([50, 40, 30, 10, 3])
      ids.forEach((id, i) => expect(lines.filter((line) => line.startsWith(`${id},`)).length).toBe(stored[i]))
      expect(lines).toHaveLength(133)
      await page.getByRole('tab', { name: 'Configurations' }).click()
      const rows = page.getByTestId('differences').locator('tr[data-path]')
      await expect.poll(() => rows.evaluateAll((all) => all.map(({ dataset }) => dataset['path']))).toEqual(['h', 'seed'])
      const cells = (path: string) => page.locator(`[data-path="${path}"] td`).allInnerTexts()
      expect(await cells('seed')).toEqual(['seed', '1', '2', '3', '4', '1'])
      expect((await cells('h')).at(-1)).toBe('0.3')
    }))

  it('that are published stand in the chart as named lines with their values and where they are from', () =>
    suite.visit('/compare?runs=deep1', async ({ page }) => {
      await page.locator('[data-chart="test/accuracy"] [data-line="deep1"][data-count="3"]').waitFor()
      const axes = () =>
        page.locator('[data-chart="test/accuracy"] .axes canvas').first().evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL()) // prettier-ignore
      const { references, y } = await drawnChart(page, 'Test accuracy')
      expect(references).toEqual([{ value: 92.76, label: 'Hamiltonian-74, CIFAR-10: 92.76% (Chang et al. 2018)' }])
      expect(y[1]).toBeGreaterThan(92.76)
      await page.getByText('Reversible Architectures for Arbitrarily Deep Residual Neural Networks').waitFor()
      await picture(page, 'published-one')
      const shown = await axes()
      await page.getByLabel('Published figures').click()
      await page.getByText('Reversible Architectures').waitFor({ state: 'detached' })
      expect((await drawnChart(page, 'Test accuracy')).references).toEqual([])
      expect(await axes()).not.toBe(shown)
      expect(page.url()).toContain('published=no')
    }))

  it('that are published are in sight also where a run is far from them, and can be read where they are many', () =>
    suite.visit('/compare?runs=other', async ({ page }) => {
      await expect.poll(() => page.locator('[data-line="other"]').first().getAttribute('data-count')).toBe('2')
      await picture(page, 'published-many')
      const { references, y } = await drawnChart(page, 'Test accuracy')
      expect(references.map(({ value }) => value).sort()).toEqual([
        91.16, 91.92, 92.07, 92.76, 92.76, 92.76, 92.86, 93.4, 93.84, 94.02, 94.24, 94.26,
      ])
      expect(y[0]).toBeLessThanOrEqual(30)
      expect(y[1]).toBeGreaterThanOrEqual(94.26)
      const list = page.getByTestId('published')
      await list.getByText('MidPoint-26, CIFAR-10: 91.16%').waitFor()
      expect(await list.getByRole('listitem').count()).toBe(12)
      const svg = (await takenOf(page, 'Test accuracy', 'SVG')).toString()
      expect(await unreadable(page, svg)).toEqual([])
    }))

  it('follow a run that goes on, by the name under which the comparison is saved', () =>
    suite.visit('/compare', async ({ page }) => {
      const { services, server } = suite.workbench
      const { id } = await services.runs.create({
        preset: 'hamiltonian-quick',
        dataset: 'mnist',
        name: 'goes on',
        overrides: { steps: 100_000 },
      })
      await page.getByText('Nothing to compare yet').waitFor()
      await page.goto(`${server.address}/#/compare?runs=${id},wide&tab=figures&baseline=wide`)
      await page.getByTestId('save').click()
      await page.getByLabel('Name', { exact: true }).fill('a race')
      await page.getByTestId('save-name').click()
      await page.waitForURL(/saved=/)
      const saved = /saved=([^&]+)/.exec(page.url())![1]
      await page.getByRole('link', { name: 'Runs', exact: true }).click()
      await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor()
      await page.goto(`${server.address}/#/compare?saved=${saved}`)
      await page.getByRole('heading', { name: 'a race' }).waitFor()
      await expect.poll(async () => (await lineOf(page, id)).count).toBeGreaterThan(10)
      // The same link once more, and a run that is taken out and stays out.
      await page.goto(`${server.address}/#/compare?saved=${saved}`)
      await page.waitForURL(/runs=/)
      await page.locator('[data-line="wide"]').first().waitFor()
      await page.locator('.v-chip', { hasText: 'wide' }).locator('.v-chip__close').click()
      await page.locator('[data-line="wide"]').first().waitFor({ state: 'detached' })
      const before = await lineOf(page, id)
      await expect.poll(async () => (await lineOf(page, id)).last).toBeGreaterThan(before.last + 20)
      await page.goto(`${server.address}/#/compare?saved=${saved}`)
      await page.locator('[data-line="wide"]').first().waitFor()
      await page.getByRole('tab', { name: 'Figures' }).click()
      await expect.poll(async () => (await figure(page, id, `${LOSS}, final`)).difference).toMatch(/^[+−]/)
      const first = await figure(page, id, `${LOSS}, final`)
      await expect.poll(async () => (await figure(page, id, `${LOSS}, final`)).value).not.toBe(first.value)
      await services.runs.stop(id)
    }))
})
