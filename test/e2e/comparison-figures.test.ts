import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { presets } from '../../src-main/numeric/presets.js'
import { describe, expect, it } from 'vitest'
import { METRICS } from '../../src-main/contract/metrics.js'
import { sampleDataset } from '../fixtures/records.js'
import { drawnChart, takenOf } from './support/charts.js'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { pointsOf, withStores, type StoredRun } from './support/stored-runs.js'
import { withWorkbench } from './support/suite.js'
import { downloaded, unreadable } from './support/take.js'
import { lineOf, seriousFindings } from './support/watched-page.js'
import { downloadOf } from './support/exported.js'

const { label: LOSS, short: LOSS_CHART } = METRICS['train/loss']!
/** Number of points of each seed. */
const LENGTHS = [50, 40, 30, 10]
const stepsOf = (seed: number): number[] => Array.from({ length: LENGTHS[seed - 1]! }, (_, i) => i + 1)
const lossOf = (seed: number, step: number): number => 2 / seed + Math.cos(step / 7) / seed
/** The reported accuracy is the second of three. */
const accuraciesOf = (seed: number): number[] => [0.89 + seed / 1000, 0.92 + seed / 1000, 0.91 + seed / 1000]

const reported = (accuracy: number) => ({ step: 40, images: 10_000, values: { 'test/accuracy': accuracy } })

const SEEDS = [1, 2, 3, 4].map((seed): StoredRun => ({
  id: `deep${seed}`,
  summary: { name: `deep, seed ${seed}`, reported: reported(accuraciesOf(seed)[1]!) },
  config: { preset: 'hamiltonian-74', dataset: 'cifar10', seed, steps: 60 },
  series: {
    'train/loss': pointsOf(stepsOf(seed).map((step) => lossOf(seed, step))),
    'test/accuracy': pointsOf(accuraciesOf(seed), (i) => 20 * (i + 1)),
  },
}))
const WIDE: StoredRun = {
  id: 'wide',
  summary: { name: 'wide', baseline: true, reported: reported(0.95) },
  config: { preset: 'hamiltonian-74', dataset: 'cifar10', h: 0.3, steps: 60 },
  series: { 'train/loss': pointsOf([3, 0.5, 1]), 'test/accuracy': pointsOf([0.8, 0.95, 0.94], (i) => 20 * (i + 1)) },
}
/** The complete CIFAR-10 under another name, and a part of it under its own. */
const CIFAR = sampleDataset('pictures', {
  format: 'cifar-10',
  hash: 'c1'.repeat(32),
  counts: { train: 50_000, test: 10_000, unlabelled: 0 },
  channelMean: [0.4914, 0.48216, 0.44653],
})
const PART = { ...CIFAR, name: 'cifar-10', hash: 'c2'.repeat(32), counts: { train: 10_000, test: 10_000, unlabelled: 0 } }
/** Trained as long as the networks of the paper. */
/** Dynamics and stages of a preset, which make a run one of the paper's networks whatever it is called. */
function networkOf(preset: string): StoredRun['config'] {
  const found = presets.find(({ name }) => name === preset)?.config
  return found ? { arch: found.arch, stages: found.stages } : {}
}

const whole = (id: string, preset: string, accuracies: number[], config: StoredRun['config'] = {}): StoredRun => ({
  id,
  summary: { name: id, step: 80_000 },
  config: { preset, ...networkOf(preset), dataset: 'pictures', steps: 80_000, batch: 100, ...config },
  datasetHash: CIFAR.hash,
  series: { 'test/accuracy': pointsOf(accuracies, (i) => 40_000 * (i + 1)) },
})
const WHOLE = whole('whole', 'hamiltonian-74', [0.88, 0.91])
const OTHER = whole('other', 'something else', [0.3, 0.4])
const SUBSET = whole('tenth', 'hamiltonian-74', [0.6, 0.7], { subset: 0.1 })
const INCOMPLETE: StoredRun = { ...whole('incomplete', 'hamiltonian-74', [0.6, 0.7], { dataset: 'cifar-10' }), datasetHash: PART.hash }
const ids = [...SEEDS, WIDE].map(({ id }) => id)

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const deviation = (values: number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1))
const finals = SEEDS.map((_, i) => accuraciesOf(i + 1)[2]!)
const reporteds = SEEDS.map((_, i) => accuraciesOf(i + 1)[1]!)
const percent = (value: number): string => `${(100 * value).toFixed(2)}%`
const points = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(2)} pp`

describe.skipIf(noBrowser)('the figures of a comparison', () => {
  const suite = withWorkbench({ runs: [...SEEDS, WIDE, WHOLE, OTHER, SUBSET, INCOMPLETE], datasets: [CIFAR, PART] })

  /** A cell of the table: the value, the difference to the baseline, and whether it is the best. */
  async function figure(page: Page, row: string, column: string): Promise<{ value: string; difference: string | null; best: boolean }> {
    const found = await page.getByTestId('figures').evaluate(
      (table, wanted) => {
        const heads = [...table.querySelectorAll('th[scope=colgroup]')]
        const metrics = heads.flatMap((head) => Array.from({ length: Number(head.getAttribute('colspan')) }, () => head.textContent.trim()))
        const columns = [...table.querySelectorAll('th[scope=col]')].map((head, i) => `${metrics[i]}, ${head.textContent.trim()}`)
        const at = columns.indexOf(wanted.column)
        // After the name and n.
        const cell = at < 0 ? undefined : [...table.querySelectorAll(`[data-row="${wanted.row}"] td`)][2 + at]
        const difference = cell?.querySelector('.difference')?.textContent.trim() ?? null
        const whole = cell?.textContent.trim()
        return whole === undefined
          ? null
          : { value: whole.slice(0, whole.length - (difference?.length ?? 0)).trim(), difference, best: cell!.querySelector('b') !== null }
      },
      { row, column },
    )
    if (!found) throw new Error(`the table has no ${column} of ${row}`)
    return found
  }

  it('are reported and last values, with the difference to whichever is the baseline, kept in the address', () =>
    suite.visit(`/compare?runs=${ids.join(',')}&group=seeds&tab=figures`, async ({ page }) => {
      const spread = (100 * deviation(finals)).toFixed(2)
      // A single run says nothing about spread: it is not compared, and nothing is bold.
      const wide = { value: '94.00%', difference: null, best: false }
      await expect.poll(() => figure(page, 'wide', 'Test accuracy, last')).toEqual(wide)
      expect(await figure(page, 'deep1', 'Test accuracy, last')).toEqual({
        value: `${percent(mean(finals))} ± ${spread}`,
        difference: null,
        best: false,
      })
      expect(await figure(page, 'wide', 'Test accuracy, reported')).toEqual({ value: '95.00%', difference: null, best: false })
      // A training loss has no best value, which would depend on the luck of one batch.
      expect(await figure(page, 'wide', `${LOSS}, last`)).toMatchObject({ value: '1.000' })
      expect(await page.getByTestId('figures').locator('th[scope=col]').allInnerTexts()).toEqual(['last', 'reported', 'last'])

      await page.getByRole('button', { name: 'Set wide as baseline' }).click()
      await expect.poll(() => figure(page, 'deep1', 'Test accuracy, last')).toMatchObject({ difference: points(mean(finals) - 0.94) })
      expect(await figure(page, 'deep1', 'Test accuracy, reported')).toMatchObject({ difference: points(mean(reporteds) - 0.95) })
      expect(await figure(page, 'wide', 'Test accuracy, last')).toEqual(wide)
      // Lower loss is better: the sign shows the direction, the colour whether that is good.
      const loss = page.locator('[data-row="deep1"] .difference').first()
      const less = mean(SEEDS.map((_, i) => lossOf(i + 1, stepsOf(i + 1).at(-1)!))) - 1
      expect(await loss.innerText()).toBe(`${less < 0 ? '−' : '+'}${Math.abs(less).toPrecision(3)}`)
      expect(await loss.getAttribute('class')).toContain(less < 0 ? 'good' : 'bad')
      expect(page.url()).toContain('baseline=wide')

      await page.getByRole('button', { name: 'Set deep as baseline' }).click()
      const other = { ...wide, difference: points(0.94 - mean(finals)) }
      await expect.poll(() => figure(page, 'wide', 'Test accuracy, last')).toEqual(other)
      await page.reload()
      await expect.poll(() => figure(page, 'wide', 'Test accuracy, last')).toEqual(other)
      expect(await seriousFindings(page)).toEqual([])
      await picture(page, 'figures')
      await page.getByRole('button', { name: 'Set deep as baseline' }).click()
      await expect.poll(() => page.locator('.difference').count()).toBe(0)
    }))

  it('have the run that is marked as the baseline for their baseline, where it is among those chosen', () =>
    suite.visit('/runs', async ({ page }) => {
      for (const name of ['wide', 'deep, seed 1']) await page.getByRole('row', { name }).getByRole('checkbox').click()
      await page.getByTestId('compare').click()
      await page.waitForURL(/baseline=wide/)
      await page.getByRole('tab', { name: 'Results' }).click()
      await expect.poll(() => figure(page, 'deep1', 'Test accuracy, last')).toMatchObject({ difference: points(finals[0]! - 0.94) })
    }))

  it('go into papers and programs: mean and deviation, every digit, and no bold where a row is of one run', () =>
    suite.visit(`/compare?runs=${ids.join(',')}&group=seeds&tab=figures`, async ({ page }) => {
      await expect.poll(() => figure(page, 'wide', 'Test accuracy, last')).toMatchObject({ value: '94.00%' })
      const table = async (format: string): Promise<string> =>
        (await downloaded(page, () => page.getByRole('button', { name: format, exact: true }).click())).toString()
      const latex = (await table('LaTeX')).split('\n')
      const row = (name: string): string[] => latex.find((line) => line.startsWith(name))!.replace(/ \\\\$/, '').split(' & ') // prettier-ignore
      expect(latex.find((line) => line.startsWith('Run'))).toContain('Test accuracy, reported (\\%) & Test accuracy, last (\\%)')
      expect(row('deep').slice(0, 2)).toEqual(['deep', '4'])
      expect(row('deep').slice(3)).toEqual(
        [reporteds, finals].map((all) => `$${(100 * mean(all)).toFixed(2)} \\pm ${(100 * deviation(all)).toFixed(2)}$`),
      )
      expect(row('wide').slice(3)).toEqual(['$95.00\\;[94.56, 95.41]$', '$94.00$'])
      expect(latex.find((line) => line.startsWith('\\caption'))).toContain('Nothing is bold')
      await page.getByTestId('bold-rule').getByText('Nothing is bold').waitFor()

      const figures = JSON.parse(await table('JSON')) as Record<string, number | string>[]
      // Two rows, one reading of the loss and two of the accuracy.
      expect(figures).toHaveLength(6)
      const ours = figures.find(({ run, metric, reading }) => run === 'deep' && metric === 'test/accuracy' && reading === 'reported')!
      expect(ours).toMatchObject({ n: 4, min: reporteds[0], max: reporteds[3] })
      expect(ours['mean']).toBeCloseTo(mean(reporteds), 14)
      expect(ours['deviation']).toBeCloseTo(deviation(reporteds), 14)
      const lines = (await table('CSV')).trimEnd().split('\n')
      expect(lines).toHaveLength(7)
      expect(lines).toContain(
        `deep,test/accuracy,reported,4,${['mean', 'median', 'deviation', 'error', 'min', 'max'].map((key) => ours[key]).join(',')},,,0`,
      )
    }))

  it('and all points behind them are as many as are stored; of the configurations only what differs is shown', () =>
    suite.visit(`/compare?runs=${ids.join(',')}`, async ({ page }) => {
      await page.locator('[data-chart="train/loss"] [data-line="wide"]').waitFor()
      const lines = (await takenOf(page, LOSS_CHART!, 'CSV (all points)')).toString().trimEnd().split('\n').slice(1)
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
      await picture(page, 'configurations')

      // The content for a paper.
      const file = async (name: string): Promise<string> => {
        const saved = await downloadOf(page, () => page.getByRole('button', { name, exact: true }).click())
        return readFileSync(await saved.path(), 'utf8')
      }
      expect(await file('LaTeX')).toContain('\\texttt{h} & ')
      const methods = await file('Methods (LaTeX)')
      expect(methods.match(/We trained a Hamiltonian network~\\cite\{chang2018reversible\}/g)).toHaveLength(2)
      expect(methods).toMatch(/The random seeds were 1, 2, 3 and 4\.[^]*trained with Retrace \d/)
      expect(await file('BibTeX')).toContain('@inproceedings{chang2018reversible,')
    }))

  it('that are published stand in the chart as named lines with their values and where they are from', () =>
    suite.visit('/compare?runs=whole', async ({ page }) => {
      await page.locator('[data-chart="test/accuracy"] [data-line="whole"][data-count="2"]').waitFor()
      await page.getByText('Dashed lines').waitFor()
      const axes = () =>
        page.locator('[data-chart="test/accuracy"] .axes canvas').first().evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL()) // prettier-ignore
      const { references, y } = await drawnChart(page, 'Test accuracy')
      expect(references).toEqual([{ value: 92.76, label: 'Hamiltonian-74, CIFAR-10: 92.76% (Chang et al. 2018)' }])
      expect(y[1]).toBeGreaterThan(92.76)
      await page.getByText('Reversible Architectures for Arbitrarily Deep Residual Neural Networks').waitFor()
      await picture(page, 'published-one')
      const shown = await axes()
      await page.getByLabel('Published results').click()
      await page.getByText('Reversible Architectures').waitFor({ state: 'detached' })
      expect((await drawnChart(page, 'Test accuracy')).references).toEqual([])
      expect(await axes()).not.toBe(shown)
      expect(page.url()).toContain('published=no')
    }))

  it('that are published are not drawn for a part of the data set, nor across runs on another one, and a sentence says why', () =>
    suite.visit('/compare?runs=whole,tenth', async ({ page }) => {
      const said = page.getByTestId('not-comparable')
      const lines = async () => (await drawnChart(page, 'Test accuracy')).references.length
      await said.getByText('(tenth): it was trained on 10.00% of the training images').waitFor()
      expect(await lines()).toBe(1)
      for (const [runs, why] of [
        ['tenth', '10.00% of the training images'],
        ['incomplete', 'cifar-10 has 10,000 training and 10,000 test images, CIFAR-10 50,000 and 10,000'],
        ['deep1', 'cifar10 is not in this home'],
        ['whole,incomplete', 'are on different data sets'],
      ] as const) {
        await page.goto(`${suite.workbench.server.address}/#/compare?runs=${runs}`)
        await said.getByText(why).first().waitFor()
        expect(await lines()).toBe(0)
      }
      await picture(page, 'not-comparable')
      // The sentence explains why there are no published results.
      await page.getByLabel('Published results').click()
      await said.first().waitFor({ state: 'detached' })
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
      await page.getByText('No runs selected').waitFor()
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
      // The same link once more, and a run that is removed and stays removed.
      await page.goto(`${server.address}/#/compare?saved=${saved}`)
      await page.waitForURL(/runs=/)
      await page.locator('[data-line="wide"]').first().waitFor()
      await page.locator('.v-chip', { hasText: 'wide' }).locator('.v-chip__close').click()
      await page.locator('[data-line="wide"]').first().waitFor({ state: 'detached' })
      const before = await lineOf(page, id)
      await expect.poll(async () => (await lineOf(page, id)).last).toBeGreaterThan(before.last + 20)
      await page.goto(`${server.address}/#/compare?saved=${saved}`)
      await page.locator('[data-line="wide"]').first().waitFor()
      await page.getByRole('tab', { name: 'Results' }).click()
      await expect.poll(async () => (await figure(page, id, `${LOSS}, last`)).difference).toMatch(/^[+−]/)
      const first = await figure(page, id, `${LOSS}, last`)
      await expect.poll(async () => (await figure(page, id, `${LOSS}, last`)).value).not.toBe(first.value)
      await services.runs.stop({ id })
    }))
})
