import { describe, expect, it } from 'vitest'
import { wilsonInterval } from '../../src-main/contract/binomial.js'
import type { LabFigure } from '../../src-main/contract/lab.js'
import type { StudyReport } from '../../src-main/contract/studies.js'
import { allTemplates } from '../../src-main/studies/registry.js'
import { expandTemplate } from '../../src-main/studies/run.js'
import { homeWith, played, rowsOf, type Played } from './support.js'

const home = homeWith()
const small: Record<string, Record<string, string | number | boolean>> = {
  'main-table': { datasets: 'cifar-10', seeds: '1,2' },
  'memory-depth': { factors: '1,2' },
  'fewer-data': { seeds: '1,2' },
  'depth-step': { dataset: 'cifar-10' },
  regularisation: { dataset: 'cifar-10' },
  search: { dataset: 'cifar-10' },
  'fair-comparison': { dataset: 'cifar-10' },
  'identity-landscape': { depths: '1' },
  'stable-architectures': { dataset: 'cifar-10' },
  spiking: { dataset: 'cifar-10' },
  'volume-depth': { dataset: 'cifar-10' },
  'stability-of-descent': { depths: '2', startDepths: '2' },
}
const text = ({ notes }: StudyReport): string => notes.map((note) => note.text).join('\n')

describe.each(allTemplates().map(({ id }) => id))('the template %s', (id) => {
  const options = { ...small[id] }

  it('reports what there is before any cell has a result, and names cells that failed', () => {
    expect(played(id, options, home, () => ({ state: 'queued' })).tables.length).toBeGreaterThan(0)
    const report = played(id, options, home, (_, position): Played =>
      position === 0 ? { state: 'diverged', reason: 'The loss is NaN.' } : { state: 'queued' },
    )
    expect(report.notes.filter(({ level, text: of }) => level === 'warning' && of.endsWith('diverged: The loss is NaN.'))).toHaveLength(1)
    // Every heat map of a study marks them.
    for (const figure of report.figures)
      if (figure.kind === 'heatmap') {
        const of = report.tables.find(({ key }) => key === figure.table)!
        expect(of.columns.find(({ key }) => key === figure.ended)?.values, id).toContain('diverged')
      }
  })

  it('has cells whose factors tell them apart', () => {
    const { cells } = expandTemplate(id, options, home)
    expect(cells.length).toBeGreaterThan(1)
    expect(new Set(cells.map(({ factors }) => JSON.stringify(factors))).size).toBe(cells.length)
  })

  it('refuses an option that it does not have, and names those it has', () => {
    expect(() => expandTemplate(id, { nothing: 1 }, home)).toThrow(/nothing: .* has no such option/)
  })
})

describe('fewer training data', () => {
  it('takes as many images of the data set as it says, with and without smoothness', () => {
    const { cells } = expandTemplate('fewer-data', { presets: 'hamiltonian-74', images: '500, 2500', seeds: '1', steps: 100 }, home)
    const runs = cells.map(({ work }) => (work.kind === 'run' ? work.run.overrides! : {}))
    expect(runs.map(({ subset, smoothness, steps }) => [subset, smoothness, steps])).toEqual([
      [0.05, 2e-4, 100],
      [0.05, 0, 100],
      [0.25, 2e-4, 100],
      [0.25, 0, 100],
    ])
    expect(() => expandTemplate('fewer-data', { images: '10001' }, home)).toThrow('cifar-10 has only 10000 training images, not 10001')
    expect(() => expandTemplate('fewer-data', { presets: 'hamiltonian-7' }, home)).toThrow(
      /presets: There is no preset hamiltonian-7: did you mean/,
    )
    expect(() => expandTemplate('fewer-data', { seeds: '3-1' }, home)).toThrow('seeds: The range 3-1 must be ascending')
    expect(() => expandTemplate('fewer-data', { images: '500,,1000' }, home)).toThrow('images: "500,,1000" has an empty entry')
  })

  it('has means, sample deviations and binomial intervals over the seeds that finished, and counts those that failed', () => {
    const accuracies = [0.4, 0.5, 0.6]
    const report = played(
      'fewer-data',
      { presets: 'resnet-32', images: '500', withoutSmoothness: false, seeds: '1-4' },
      home,
      (_, position) =>
        position === 3 ? { state: 'failed', reason: 'No memory.' } : { state: 'finished', accuracy: accuracies[position]! },
    )
    const [row] = rowsOf(report, 'accuracy')
    // Closed forms: the mean of 0.4, 0.5, 0.6 is 0.5, the sample standard deviation 0.1.
    expect(row).toMatchObject({ variant: 'resnet-32', images: 500, finished: 3, failed: 1 })
    expect(row!['accuracy']).toBeCloseTo(0.5, 12)
    expect(row!['deviation']).toBeCloseTo(0.1, 12)
    expect([row!['low'], row!['high']]).toEqual([expect.closeTo(0.4, 12), expect.closeTo(0.6, 12)])
    expect([row!['binomialLow'], row!['binomialHigh']]).toEqual(wilsonInterval(0.5, 10_000))
    expect(text(report)).toContain('resnet-32, images 500, smoothness 0.0002, seed 4 failed: No memory.')
    expect(rowsOf(report, 'cells').map(({ state }) => state)).toEqual(['finished', 'finished', 'finished', 'failed'])
  })

  it('draws published values apart, as values under other conditions, and only where the data set is the same', () => {
    const report = played('fewer-data', { seeds: '1' }, home, () => ({ state: 'queued' }))
    const rows = rowsOf(report, 'accuracy').filter(({ variant }) => String(variant).includes('published'))
    expect(rows.map(({ variant, images, accuracy }) => [String(variant).split(',')[0], images, accuracy])).toEqual([
      ['Hamiltonian', 500, 0.42],
      ['Hamiltonian', 1000, 0.53],
      ['Hamiltonian', 2500, 0.68],
      ['ResNet', 500, 0.35],
      ['ResNet', 1000, 0.45],
      ['ResNet', 2500, 0.6],
    ])
    const figure = report.figures[0]!
    expect(figure).toMatchObject({ kind: 'line', spread: { low: 'low', high: 'high' } })
    expect(figure.kind === 'line' && figure.loose).toEqual([
      'Hamiltonian, published, other conditions',
      'ResNet, published, other conditions',
    ])
    expect(text(report)).toContain(
      'The published subsets are drawn from 50,000 training images and tested on 10,000; cifar-10 has 10,000 and 10,000.',
    )
    const elsewhere = { ...home, datasets: home.datasets.map((dataset) => ({ ...dataset, format: 'images' })) }
    expect(
      rowsOf(
        played('fewer-data', { seeds: '1' }, elsewhere, () => ({ state: 'queued' })),
        'accuracy',
      ).some(({ variant }) => String(variant).includes('published')),
    ).toBe(false)
  })
})

describe('depth and step size', () => {
  it('draws the smallest stability margin that the diagnostic found over the seeds, and says of how many runs it is known', () => {
    const margin = (value: number | string): Played['diagnosed'] => ({
      spectrum: { summary: [{ key: 'margin', label: '', symbol: '', unit: '', value }], tables: [] },
    })
    const options = { dataset: 'cifar-10', sizes: '0.1, 1', units: '2', seeds: '1,2' }
    const report = played('depth-step', options, home, ({ factors }) => ({
      state: 'finished',
      accuracy: 0.5,
      diagnosed: factors['h'] === 1 ? {} : margin(factors['seed'] === 1 ? 0.75 : -0.5),
    }))
    expect(rowsOf(report, 'grid').map(({ h, margin: of }) => [h, of])).toEqual([
      [0.1, -0.5],
      [1, null],
    ])
    expect(report.figures.map(({ title }) => title)).toContain('Stability margin after training')
    expect(text(report)).toContain('measured for 2 of 4 finished runs')
    const without = played('depth-step', options, home, () => ({ state: 'finished', accuracy: 0.5 }))
    expect(without.figures.map(({ title }) => title)).not.toContain('Stability margin after training')
  })
})

describe('the main table', () => {
  it('puts published accuracies into the column of equal conditions only where they are equal', () => {
    const whole = homeWith(50_000)
    const means = whole.datasets.map((dataset) => ({ ...dataset, channelMean: [0.4914, 0.4822, 0.4465] }))
    const finished = (options: object, of: typeof whole) => {
      const report = played('main-table', { datasets: 'cifar-10', presets: 'resnet-32', seeds: '1', ...options }, of, () => ({
        state: 'finished',
        accuracy: 0.9,
      }))
      return { row: rowsOf(report, 'accuracy')[0]!, notes: text(report) }
    }
    // The run of the test has seen as many images as its steps imply.
    const equal = finished({}, { ...whole, datasets: means })
    expect(equal.row).toMatchObject({ comparable: null, published: 0.9286 })
    expect(equal.notes).toContain('the published networks at least 7,680,000')
    const few = finished({}, home)
    expect(few.row).toMatchObject({ comparable: null, published: 0.9286, paperParameters: 460_000 })
    expect(few.notes).toContain('cifar-10 has 10,000 training and 10,000 test images, CIFAR-10 50,000 and 10,000')
  })

  it('draws them as reference lines where conditions are equal, and as marks of their own elsewhere; what failed keeps its name', () => {
    const whole = homeWith(50_000)
    const equal = { ...whole, datasets: whole.datasets.map((dataset) => ({ ...dataset, channelMean: [0.4914, 0.4822, 0.4465] })) }
    const report = played('main-table', { datasets: 'cifar-10', presets: 'resnet-32, revnet-38', seeds: '1,2' }, equal, ({ factors }) => {
      const long = factors['network'] === 'resnet-32'
      return long || factors['seed'] === 1 ? { state: 'finished', accuracy: 0.9, step: long ? 80_000 : 10 } : { state: 'diverged' }
    })
    const figure = report.figures[0] as Extract<LabFigure, { kind: 'line' }>
    expect(figure.marks).toEqual([{ axis: 'y', value: 0.9286, label: 'ResNet-32, published' }])
    const rows = rowsOf(report, figure.table).map(({ variant, accuracy }) => [variant, accuracy])
    expect(rows).toEqual([
      ['resnet-32', 0.9],
      ['revnet-38 (1 failed or diverged)', 0.9],
      ['RevNet-38, published, other conditions', 0.9276],
    ])
    // Points of different networks are not connected.
    expect(figure.loose).toEqual(rows.map(([variant]) => variant))
    expect(text(report)).toContain('the published networks at least 7,680,000')
  })
})

describe('memory and time over depth', () => {
  it('measures what fits, lists what does not, and marks the depth at which stored activations end', () => {
    const tiny = { ...home, memoryBytes: 512 * 2 ** 20 }
    const { cells } = expandTemplate('memory-depth', { factors: '1, 2, 8', batch: 16 }, tiny)
    const curves = cells.map(({ factors }) => `${factors['curve']} ${factors['units']}`)
    expect(curves).toContain('hamiltonian, reversible 144')
    expect(curves).not.toContain('hamiltonian, stored 144')
    const report = played('memory-depth', { factors: '1, 2, 8', batch: 16 }, tiny, ({ factors }) => ({
      state: 'finished',
      measured: { peakMiB: 100 + Number(factors['units']), startMiB: 90, secondsPerStep: 2, captureSeconds: 1 },
    }))
    const rows = rowsOf(report, 'depth')
    expect(rows.find(({ curve, units }) => curve === 'hamiltonian, reversible' && units === 18)).toMatchObject({
      growth: 28,
      seconds: 2,
      state: 'finished',
    })
    expect(rows.find(({ curve, units }) => curve === 'hamiltonian, stored' && units === 144)).toMatchObject({
      growth: null,
      state: 'does not fit',
    })
    expect(text(report)).toMatch(/Not measured because .* hamiltonian, stored with 144 units/)
    const stored = rows
      .filter(({ curve }) => curve === 'hamiltonian, stored')
      .map(({ units, estimate }) => [Number(units), Number(estimate)] as const)
    const fits = Number(report.summary.find(({ key }) => key === 'fits')!.value)
    // The estimate is linear in the number of units, so the line through two of its points crosses the memory limit where the report
    // states.
    const [[u0, e0], [u1, e1]] = stored as [readonly [number, number], readonly [number, number]]
    const crossing = u0 + (512 - e0) / ((e1 - e0) / (u1 - u0))
    expect(fits).toBeGreaterThanOrEqual(Math.floor(crossing))
    expect(fits).toBeLessThanOrEqual(Math.ceil(crossing) + 1)
  })
})

describe('depth and step size', () => {
  it('shows the worst gradient error of all seeds on a grid of h and units', () => {
    const report = played('depth-step', { dataset: 'cifar-10', sizes: '0.1, 1', units: '2, 4', seeds: '1,2' }, home, () => ({
      state: 'finished',
      accuracy: 0.5,
    }))
    expect(rowsOf(report, 'grid').map(({ h, units, travel, finished }) => [h, units, travel, finished])).toEqual([
      [0.1, 2, 0.2, 2],
      [1, 2, 2, 2],
      [0.1, 4, 0.4, 2],
      [1, 4, 4, 2],
    ])
    expect(report.figures.map(({ kind }) => kind)).toEqual(['heatmap', 'heatmap', 'heatmap'])
  })
})
