import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ConfusionCell } from '../../src-main/contract/evaluations.js'
import { confusedPairs, denseMatrix, figuresByClass } from '../../src-renderer/run/evaluation/confusion.js'
import { heatmapOption } from '../../src-renderer/run/evaluation/heatmap-option.js'
import { normsOption } from '../../src-renderer/run/evaluation/norms-option.js'
import { normsCsv, outsideStages, overDepth } from '../../src-renderer/run/evaluation/norms.js'
import { FIGURES, LAYERS } from '../fixtures/figures.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

// Canvases are covered by the browser tests; here only the chart's options matter.
vi.mock('../../src-renderer/charts/echarts.js', () => import('./support/chart-without-canvas.js'))

vi.setConfig({ testTimeout: 60_000 })

describe('a confusion matrix', () => {
  const cells = fc
    .uniqueArray(fc.tuple(fc.nat(5), fc.nat(5), fc.integer({ min: 1, max: 50 })), { selector: ([a, b]) => `${a}/${b}` })
    .map((list) => list as ConfusionCell[])

  it('keeps every count, and its rows and columns add up to what is said of the classes', () => {
    fc.assert(
      fc.property(cells, (list) => {
        const matrix = denseMatrix(list, 6)
        const all = list.reduce((sum, [, , count]) => sum + count, 0)
        expect(matrix.flat().reduce((sum, { count }) => sum + count, 0)).toBe(all)
        for (const row of matrix) {
          const shares = row.reduce((sum, { share }) => sum + share, 0)
          expect(shares === 0 || Math.abs(shares - 1) < 1e-12).toBe(true)
        }
        for (const { label, images, right, accuracy, precision } of figuresByClass(list, [...'abcdef'])) {
          const taken = matrix.reduce((sum, row) => sum + row[label]!.count, 0)
          expect(right).toBe(matrix[label]![label]!.count)
          expect(images).toBe(matrix[label]!.reduce((sum, { count }) => sum + count, 0))
          expect(accuracy).toEqual(right / images)
          expect(precision).toEqual(right / taken)
        }
        const pairs = confusedPairs(list)
        expect(pairs.every(([label, predicted, count], i) => label !== predicted && count <= (pairs[i - 1]?.[2] ?? Infinity))).toBe(true)
      }),
    )
  })

  it('says for whom a class is mostly taken, and numbers classes whose names are not known', () => {
    const [, , seven] = figuresByClass(FIGURES.confusion, []).filter(({ label }) => label >= 5)
    expect(seven).toMatchObject({ name: '7', images: 20, right: 14, accuracy: 0.7, mostly: { name: '1', count: 6 } })
  })

  it('of many classes is drawn by the share of the row, with names that are no markup', () => {
    const names = Array.from({ length: 30 }, (_, i) => (i === 2 ? '<b>' : `class ${i}`))
    const option = heatmapOption(
      [
        [2, 3, 1],
        [2, 2, 3],
      ],
      names,
      false,
    )
    // The scale is that of the errors; the diagonal, which would dominate it, is a separate series.
    expect((option.series as { data: number[][] }[]).map(({ data }) => data)).toEqual([[[3, 2, 0.25]], [[2, 2, 0.75]]])
    expect(option.visualMap).toMatchObject({ max: 0.25, seriesIndex: 0 })
    const { formatter } = option.tooltip as { formatter(point: { value: number[] }): string }
    expect(formatter({ value: [3, 2] })).toBe('1 of class &lt;b&gt; predicted as class 3 (25.00%)')
  })
})

describe('the evaluation of a run in the plane', () => {
  it('speaks of points where an image would be shown for others', async () => {
    const home = await homeOfTest()
    const [digits] = await home.datasets.list()
    home.addDataset({ ...digits!, name: 'rings', kind: 'points', image: { height: 1, width: 1, channels: 2 } })
    for (const [dataset, samples] of [
      ['rings', 'points'],
      ['mnist', 'images'],
    ] as const) {
      const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset })
      const window = await openWindow(home, `/runs/${id}?tab=evaluation`)
      await eventually(() => expect(window.text()).toContain(`An evaluation runs the network on all test ${samples}`))
      expect(window.text()).toContain(`Throughput (${samples}/s)`)
      window.wrapper.unmount()
      document.body.innerHTML = ''
    }
  })
})

describe('weights over depth', () => {
  it('are lines by role over the units of all stages, with a gap where a unit has no such part', () => {
    const { units, lines } = overDepth(LAYERS, 'norm')
    expect(units.map(({ label }) => label)).toEqual(['1.1', '1.2', '1.3', '2.1', '2.2', '2.3'])
    expect(lines.map(({ role }) => role)).toEqual(['kernel1', 'kernel2'])
    expect(lines[0]!.values).toEqual([1.1, 1.2, 1.3, 2.1, 2.2, 2.3])
    expect(overDepth(LAYERS, 'change').lines[0]!.values).toEqual([0.25, 0.5, NaN, 0.25, 0.5, NaN])
    // For a kernel with 3 x 3 x 4 x 4 = 144 values.
    expect(overDepth(LAYERS, 'relative').lines[0]!.values[0]).toBeCloseTo(1.1 / 12, 12)
    const partial = overDepth(
      LAYERS.filter(({ name }) => name !== 'stage1/unit2/kernel2'),
      'norm',
    )
    expect(partial.lines[1]!.values[1]).toBeNaN()
    expect(outsideStages(LAYERS).map(({ name }) => name)).toEqual(['stem/kernel', 'head/dense/kernel'])
  })

  it('show where a stage begins, and leave out what a logarithmic axis has not', () => {
    const depth = overDepth(LAYERS, 'norm')
    depth.lines[0]!.values[0] = 0
    const option = normsOption(depth, 'norm', true, true)
    const series = option.series as { name: string; data: [number, number][]; markLine?: { data: { xAxis: number }[] } }[]
    expect(series.slice(0, 2).map(({ name, data }) => [name, data])).toEqual([
      [
        'kernel1',
        [
          [2, 1.2],
          [3, 1.3],
        ],
      ],
      [
        'kernel1',
        [
          [4, 2.1],
          [5, 2.2],
          [6, 2.3],
        ],
      ],
    ])
    expect(series.at(-1)!.markLine!.data).toEqual([{ xAxis: 3.5 }])
  })

  it('leave as a table with every part', () => {
    const lines = normsCsv(LAYERS).trim().split('\n')
    expect(lines).toHaveLength(LAYERS.length + 1)
    expect(lines[2]).toBe('stage1/unit1/kernel1,1,1,kernel1,3x3x4x4,1.1,0.25')
  })
})

describe('the page of a run', () => {
  let page: TestWindow | null = null
  afterEach(() => {
    page?.wrapper.unmount()
    page = null
    document.body.innerHTML = ''
    localStorage.clear()
  })

  async function open(tab: string) {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', name: 'looked at' })
    page = await openWindow(home, `/runs/${id}?tab=${tab}`)
    /** Makes this number of steps, and a checkpoint after them. */
    const trainOn = (steps: number): void => {
      home.advance(steps)
      home.checkpoint(id)
    }
    return { home, id, trainOn, ...page }
  }

  it('says what to do where nothing was evaluated, evaluates a checkpoint, and shows what came of it', async () => {
    const { trainOn, text, click } = await open('evaluation')
    await eventually(() => expect(text()).toContain('No checkpoint has been written yet'))
    trainOn(80)
    await click('[data-testid=evaluate-last]')
    await eventually(() => expect(text()).toMatch(/97\.00% of 200 test images \(95% interval 93\.61–98\.62%\), loss 0\.1200 nats/))
    const confusion = document.querySelector('[data-testid=confusion]')!
    expect(confusion.textContent).toMatch(/Most frequent confusions:\s*7 → 1\s*6/)
    const worst = document.querySelector('[data-testid=by-class] tbody tr')!
    expect(worst.textContent).toMatch(/7\s*70\.00%\s*14\s*of 20\s*100\.00%\s*1\s*6/)
    await eventually(() => expect(document.querySelectorAll('[data-testid=mistakes] canvas')).toHaveLength(6))
    expect(document.querySelector('[data-testid=mistakes] li')!.textContent).toMatch(/true\s*7\s*predicted\s*1\s*99\.00%\s*#7/)
    // A new checkpoint is offered as soon as it arrives.
    trainOn(10)
    await click('button', /^Evaluate step 90$/)
    await eventually(() => expect(page!.router.currentRoute.value.query).toMatchObject({ tab: 'evaluation', step: '90' }))
  })

  it('says so when the images of the mistakes are not there any more', async () => {
    const { home, id, trainOn, text, click } = await open('evaluation')
    trainOn(80)
    await click('[data-testid=evaluate-last]')
    await eventually(() => expect(document.querySelectorAll('[data-testid=mistakes] canvas')).toHaveLength(6))
    await home.runs.stop({ id })
    await home.datasets.remove({ name: 'mnist' })
    await eventually(() => expect(text()).toContain('mnist is no longer in this home'))
    expect(document.querySelectorAll('[data-testid=mistakes] canvas')).toHaveLength(0)
  })

  it('shows the weights of the newest checkpoint, and of the one that an address names', async () => {
    const { trainOn, text } = await open('weights')
    await eventually(() => expect(text()).toContain('No weights yet'))
    trainOn(80)
    const chart = await eventually(() => {
      const found = document.querySelector('[data-norms=norm] [role=img]')
      expect(found).not.toBeNull()
      return found!
    })
    expect(chart.getAttribute('aria-label')).toBe('‖K‖ (Frobenius) over 6 units: kernel1 from 1.10 to 2.30, kernel2 from 2.10 to 3.30')
    expect(document.querySelector('[data-testid=outside]')?.textContent).toMatch(/stem\/kernel\s*3 × 3 × 1 × 8\s*2\.000/)
  })

  it('keeps its tab in the address, goes back to the one before, and remembers the last one for other runs', async () => {
    const { id, click, router } = await open('log')
    const selected = (): string => document.querySelector('[role=tab][aria-selected=true]')?.textContent ?? ''
    await eventually(() => expect(selected()).toMatch(/^Log/))
    await click('[role=tab]', /^Weights/)
    await eventually(() => expect(router.currentRoute.value.query).toEqual({ tab: 'weights' }))
    router.back()
    await eventually(() => expect(selected()).toMatch(/^Log/))
    await click('[role=tab]', /^Checkpoints/)
    await eventually(() => expect(selected()).toMatch(/^Checkpoints/))
    await router.push('/runs')
    await router.push(`/runs/${id}`)
    await eventually(() => expect(selected()).toMatch(/^Checkpoints/))
    await router.push(`/runs/${id}?tab=nonsense`)
    await eventually(() => expect(selected()).toMatch(/^Charts/))
  })

  it('forks from the checkpoint of a row', async () => {
    const { trainOn, click } = await open('checkpoints')
    trainOn(80)
    trainOn(10)
    await eventually(() => expect(document.querySelectorAll('tr[data-checkpoint]')).toHaveLength(2))
    await click('tr[data-checkpoint="80"] [data-testid=checkpoint-menu]')
    await click('.v-list-item', /^Fork …/)
    await eventually(() => expect(document.querySelector('[role=dialog]')?.textContent).toContain('step 80 (schedule)'))
  })
})
