import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { arranged, moved } from '../../src-renderer/charts/arrange.js'
import { chartModel, type ChartInput } from '../../src-renderer/charts/chart-model.js'
import { drawLines } from '../../src-renderer/charts/draw.js'
import { frameOption } from '../../src-renderer/charts/frame-option.js'
import { axisEnd, axisLimits } from '../../src-renderer/charts/lines.js'
import { errorBarOf, marksOf } from '../../src-renderer/charts/marks.js'
import { lineStyle } from '../../src-renderer/charts/palette.js'
import { labelledReferences } from '../../src-renderer/charts/references.js'
import { scalesOf } from '../../src-renderer/charts/scales.js'
import { bySection, planCharts } from '../../src-renderer/charts/sections.js'
import type { Pen } from '../../src-renderer/charts/strokes.js'
import { valueRange } from '../../src-renderer/charts/value-range.js'
import { xMap, type XAxisKind, type XSource } from '../../src-renderer/charts/x-axis.js'
import { panned, positionAt, shareOf, spanBetween, zoomed } from '../../src-renderer/charts/zoom.js'
import { SeriesBuffer } from '../../src-renderer/charts/series/series-buffer.js'
import { looksText, parseLooks } from '../../src-renderer/charts/address-words.js'

const T0 = 1e12

function bufferOf(values: number[], steps = values.map((_, i) => i + 1)): SeriesBuffer {
  const buffer = new SeriesBuffer()
  buffer.append({
    steps: Float64Array.from(steps),
    values: Float64Array.from(values),
    times: Float64Array.from(steps, (step) => T0 + 500 * step),
  })
  return buffer
}

const SOURCE: XSource = { stepsPerEpoch: 80, batch: 100, startedAt: T0, active: null, elapsed: null }

function build(values: number[], more: Partial<ChartInput> = {}) {
  const buffer = bufferOf(values)
  return chartModel({
    title: 'Loss',
    lines: [{ key: 'train/loss', label: 'training', buffer, map: xMap('step', buffer, SOURCE) }],
    unit: 'nats',
    xAxis: 'step',
    from: 0,
    to: 100,
    columns: 500,
    dark: false,
    logarithmic: false,
    logarithmicX: false,
    outlierProof: false,
    ...more,
  })
}

describe('the axes', () => {
  it('place a point by step, epoch, wall time since start, time of work and images seen', () => {
    const active = bufferOf([10, 30], [100, 200])
    const buffer = bufferOf([1, 1], [150, 200])
    const at = (axis: Parameters<typeof xMap>[0]) => xMap(axis, buffer, { ...SOURCE, active })?.x(0)
    expect([at('step'), at('epoch'), at('wall'), at('active'), at('images')]).toEqual([150, 150 / 80, 75, 20, 15_000])
  })

  it('places every point in its order where the clock was set back by a day, and takes no years where it was set forward', () => {
    const shown = (times: number[], elapsed: SeriesBuffer | null): (number | undefined)[] => {
      const buffer = new SeriesBuffer()
      // In two reports, as sent by a trainer.
      for (const [from, to] of [
        [0, 2],
        [2, 4],
      ] as const)
        buffer.append({
          steps: Float64Array.of(1, 2, 3, 4).subarray(from, to),
          values: Float64Array.of(1, 2, 3, 4).subarray(from, to),
          times: Float64Array.from(times).subarray(from, to),
        })
      const map = xMap('wall', buffer, { ...SOURCE, elapsed })!
      const at = [0, 1, 2, 3].map((i) => map.x(i))
      // If two points have the same time, the first of them.
      for (const x of at) expect(map.x(map.indexOf(x))).toBe(x)
      return at
    }
    const DAY = 86_400_000
    const back = [T0 + 1000, T0 + 2000, T0 + 3000 - DAY, T0 + 4000 - DAY]
    const forward = [T0 + 1000, T0 + 2000, T0 + 3000 + 10_000 * DAY, T0 + 4000 + 10_000 * DAY]
    const elapsed = bufferOf([1, 2, 3, 4], [1, 2, 3, 4])
    expect([shown(back, elapsed), shown(forward, elapsed)]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ])
    // For a run of an earlier version, the time between the points around the clock change is unknown; it continues from there.
    const old = shown(back, null)
    expect(old.slice(0, 2)).toEqual([1, 2])
    expect(old[2]).toBeGreaterThanOrEqual(2)
    expect(old[3]! - old[2]!).toBe(1)
    expect(shown([T0 - DAY, T0 - DAY + 1000, T0 - DAY + 2000, T0 - DAY + 3000], null)).toEqual([0, 1, 2, 3])
  })

  it('know where they cannot be drawn', () => {
    const nothing: XSource = { stepsPerEpoch: null, batch: null, startedAt: null, active: null, elapsed: null }
    expect((['epoch', 'wall', 'active', 'images'] as const).map((axis) => xMap(axis, bufferOf([1]), nothing))).toEqual(
      new Array(4).fill(null),
    )
  })

  it('find each of their points again', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 1000 }),
        (unsorted, perEpoch) => {
          const steps = unsorted.sort((a, b) => a - b)
          const buffer = bufferOf(steps, steps)
          const active = bufferOf([7, 50], [steps[0]!, steps.at(-1)! + 1])
          for (const axis of ['step', 'epoch', 'wall', 'active', 'images'] as const) {
            const map = xMap(axis, buffer, { stepsPerEpoch: perEpoch, batch: 3, startedAt: T0, active, elapsed: null })!
            steps.forEach((_, i) => expect(map.indexOf(map.x(i))).toBe(i))
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('end where they hold every point, move seldom, and end with the run', () => {
    const ends = new Set<number>()
    for (let step = 0; step <= 8000; step++) {
      const end = axisEnd(step, 8000)
      expect(end).toBeGreaterThanOrEqual(step)
      expect(end).toBeLessThanOrEqual(8000)
      ends.add(end)
    }
    expect(ends.size).toBeLessThan(25)
    expect(axisEnd(8000, 8000)).toBe(8000)
    expect(axisEnd(9000, 8000)).toBe(9000)
  })

  it('end with the last point of runs that have ended, on every axis', () => {
    const buffer = bufferOf([1, 2], [1, 241])
    const line = { key: 'a', label: 'a', buffer, map: (axis: XAxisKind) => xMap(axis, buffer, SOURCE) }
    expect(axisLimits([line], 'step', false, { endStep: 1000, ended: true })).toEqual({ from: 0, to: 241 })
    expect(axisLimits([line], 'step', false, { endStep: 1000 })).toEqual({ from: 0, to: 300 })
    expect(axisLimits([line], 'images', false, { ended: true }).to).toBe(line.map('images')?.x(1))
    expect(axisLimits([], 'step', false, { ended: true })).toEqual({ from: 0, to: 1 })
  })

  it('begin above zero where they are logarithmic', () => {
    const buffer = bufferOf([1, 2, 3], [0, 5, 500])
    const line = { key: 'a', label: 'a', buffer, map: () => xMap('step', buffer, SOURCE) }
    expect(axisLimits([line], 'step', true, { endStep: 1000 })).toEqual({ from: 5, to: 500 })
    expect(axisLimits([line], 'step', false, { endStep: 1000 })).toEqual({ from: 0, to: 500 })
  })
})

describe('the order of charts', () => {
  const ids = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { maxLength: 8 })

  it('is the chosen one; what it does not name comes after what it follows to begin with, and nothing is lost or doubled', () => {
    expect(arranged(['a', 'b', 'c', 'd'], ['c', 'a', 'gone'])).toEqual(['c', 'd', 'a', 'b'])
    expect(arranged(['new', 'a'], ['a'])).toEqual(['new', 'a'])
    fc.assert(
      fc.property(ids, ids, (charts, order) => {
        const result = arranged(charts, order)
        expect([...result].sort()).toEqual([...charts].sort())
        expect(result.filter((id) => order.includes(id))).toEqual(order.filter((id) => charts.includes(id)))
        expect(arranged(charts, result)).toEqual(result)
      }),
    )
  })

  it('has a chart that is moved where it was put', () => {
    expect(moved(['a', 'b', 'c'], 'a', 2)).toEqual(['b', 'c', 'a'])
    expect(moved(['a', 'b', 'c'], 'c', 0)).toEqual(['c', 'a', 'b'])
    expect(moved(['a', 'b'], 'a', 9)).toEqual(['b', 'a'])
    expect(moved(['a'], 'x', 0)).toEqual(['x', 'a'])
  })
})

describe('zooming', () => {
  const span = fc.tuple(fc.double({ min: 0.1, max: 0.9, noNaN: true }), fc.double({ min: 0.01, max: 1, noNaN: true }))
  const whole = { from: 1, to: 1000 }

  it('keeps what it is about where it is on the screen, and stays inside the whole', () => {
    fc.assert(
      fc.property(span, fc.double({ min: 0.3, max: 0.7, noNaN: true }), fc.boolean(), ([start, size], share, logarithmic) => {
        const from = 1 + start * 500
        const before = { from, to: from + size * 300 }
        const about = positionAt(share, before, logarithmic)
        const after = zoomed(before, whole, about, 1.5, logarithmic)!
        expect(shareOf(about, after, logarithmic)).toBeCloseTo(share, 6)
        for (const way of [-3, -0.1, 0.1, 3]) {
          const moved = panned(after, whole, way, logarithmic)
          expect(moved.from).toBeGreaterThanOrEqual(whole.from - 1e-9)
          expect(moved.to).toBeLessThanOrEqual(whole.to + 1e-6)
        }
      }),
    )
  })

  it('out of everything shows all, and a click is no span', () => {
    expect(zoomed({ from: 2, to: 900 }, whole, 100, 0.01)).toBeNull()
    expect(spanBetween(5, 5, whole)).toBeNull()
    expect(spanBetween(7, 5, whole)).toEqual({ from: 5, to: 7 })
  })
})

describe('the scale of values', () => {
  const range = (values: number[], more = {}) =>
    valueRange(Float64Array.from(values), { unit: '', logarithmic: false, outlierProof: false, ...more })

  it('holds every value between round numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), { minLength: 1 }), (values) => {
        const { min, max } = range(values)!
        const slack = 1e-9 * Math.max(...values.map(Math.abs))
        expect(min).toBeLessThanOrEqual(Math.min(...values) + slack)
        expect(max).toBeGreaterThanOrEqual(Math.max(...values) - slack)
        expect(max).toBeGreaterThan(min)
      }),
      { examples: [[[5e-324]], [[5e-324, 1e-323]], [[0]], [[-1e12]]] },
    )
  })

  it('is not squeezed by a few outliers where it is told to be proof against them', () => {
    const calm = Array.from({ length: 500 }, (_, i) => 1 + (i % 10) / 10)
    expect(range([...calm, 1e6])!.max).toBe(1e6)
    const proof = range([...calm, 1e6], { outlierProof: true })!
    expect(proof.max).toBeLessThan(4)
    expect(proof.min).toBeLessThanOrEqual(1)
    expect(range(calm, { outlierProof: true })).toEqual(range(calm))
    const model = build([...calm, 1e6], { to: 600, outlierProof: true })
    expect(model.beyond).toBe(1)
  })

  it('has whole decades where it is logarithmic, and leaves out what it cannot show', () => {
    expect(range([0, -1, 3, 20], { logarithmic: true })).toEqual({ min: 1, max: 100 })
    expect(range([0, -1], { logarithmic: true })).toBeNull()
  })
})

describe('the model of a chart', () => {
  it('marks what is not a number and leaves a gap there', () => {
    const [line] = build([3, NaN, Infinity, 2]).lines
    expect([...line!.main.points]).toEqual([1, 3, 2, NaN, 3, NaN, 4, 2])
    expect(line!.main.nonFinite).toEqual([2, 3])
  })

  it('has the raw line behind the smoothed one', () => {
    const buffer = bufferOf([1, 2, 3])
    const smoothed = bufferOf([1, 1.5, 2])
    const { lines } = build([], { lines: [{ key: 'a', label: 'a', buffer, smoothed, map: xMap('step', buffer, SOURCE) }] })
    expect([...lines[0]!.main.points]).toEqual([1, 1, 2, 1.5, 3, 2])
    expect([...lines[0]!.raw!.points]).toEqual([1, 1, 2, 2, 3, 3])
  })

  it('has a labelled axis with the ends that were asked for, and reference lines by their names', () => {
    const option = frameOption(build([1], { references: [{ value: 1.05, label: 'tolerance', kind: 'limit' }] }))
    expect(option.xAxis).toMatchObject({ name: 'step', min: 0, max: 100 })
    expect(option.yAxis).toMatchObject({ name: 'Loss (nats)' })
    expect(JSON.stringify(option.series)).toMatch(/"yAxis":1.05.*"formatter":"tolerance"/)
  })

  it('names both axes with their units: shares in percent, times in the unit of their ticks, pure numbers without one', () => {
    interface Axis {
      name: string
      interval?: number
      axisLabel: { formatter(value: number): string }
    }
    const axes = (more: Partial<ChartInput>): { x: Axis; y: Axis } => {
      const { xAxis, yAxis } = frameOption(build([1], more))
      return { x: xAxis as Axis, y: yAxis as Axis }
    }
    const accuracy = axes({ title: 'Test accuracy', unit: 'fraction' }).y
    expect([accuracy.name, accuracy.axisLabel.formatter(0.925)]).toEqual(['Test accuracy (%)', '92.5'])
    expect(axes({ title: 'Reconstruction error (largest stage)', unit: 'relative' }).y.name).toBe('Reconstruction error (relative)')
    expect(axes({ title: 'Learning rate', unit: '' }).y.name).toBe('Learning rate')
    const hours = axes({ xAxis: 'wall', to: 5 * 3600 }).x
    expect([hours.name, hours.interval, hours.axisLabel.formatter(7200)]).toEqual(['wall time since start (h)', 3600, '2'])
    const minutes = axes({ xAxis: 'active', to: 600 }).x
    expect([minutes.name, minutes.axisLabel.formatter(120)]).toEqual(['training time (min)', '2'])
    // A short range late in a run.
    const late = axes({ xAxis: 'wall', from: 7200, to: 7210 }).x
    expect([late.name, late.axisLabel.formatter(7202)]).toEqual(['wall time since start (s)', '7202'])
  })

  it('marks what the plot cannot show in its place: no number, and values beyond either end; neighbours once', () => {
    const values = Array.from({ length: 300 }, (_, i) => ({ 10: NaN, 20: 1e9, 21: 1e9, 50: 1e9, 60: -1e9 })[i] ?? 1 + (i % 7) / 10)
    const model = build(values, { outlierProof: true, to: 300 })
    const kinds = marksOf(model, (x) => 3 * x).map(({ kind, x }) => [kind, x])
    expect(kinds).toEqual([
      ['nothing', 11],
      ['above', 21],
      ['above', 51],
      ['below', 61],
    ])
    // The end of the axis is 3 x 0.2, which is not the double 0.6.
    expect(marksOf(build([0.6, 0.7, 0.91], { unit: 'fraction' }), (x) => x)).toEqual([])
    expect(marksOf(build([-1, 0, 1], { logarithmic: true }), (x) => 10 * x).map(({ kind }) => kind)).toEqual(['below', 'below'])
    // Invisible values have no marks.
    expect(marksOf(build(values, { outlierProof: true, from: 70, to: 300 }), (x) => x)).toEqual([])
  })

  it('has an error bar where the band of a group is around one point, and else a band', () => {
    const band = (low: number[], high: number[]) => {
      const buffer = bufferOf(low)
      const edges = { low: bufferOf(low), high: bufferOf(high) }
      const line = { key: 'g', label: 'g', buffer, map: xMap('step', buffer, SOURCE), band: edges }
      return errorBarOf(build([], { lines: [line] }).lines[0]!)
    }
    expect(band([0.8], [0.9])).toEqual({ x: 1, low: 0.8, high: 0.9 })
    expect(band([NaN, 0.8, NaN], [NaN, 0.9, NaN])).toEqual({ x: 2, low: 0.8, high: 0.9 })
    expect(band([0.8, 0.7], [0.9, 0.9])).toBeNull()
    expect(band([NaN], [NaN])).toBeNull()
  })

  it('has published figures in sight, those close together under one name, and leaves out a limit that is far', () => {
    const at = (value: number, kind: 'published' | 'limit' = 'published') => ({ value, label: `at ${value}`, kind })
    const model = build([1, 2], { references: [at(8), at(10), at(9.9), at(1000, 'limit'), at(9.8)] })
    expect(model.y).toMatchObject({ min: 0, max: 10 })
    expect(labelledReferences(model).map(({ value, label }) => [value, label])).toEqual([
      [10, 'at 10 and 2 more just below'],
      [9.9, ''],
      [9.8, ''],
      [8, 'at 8'],
    ])
  })
})

/** Records drawing operations: rectangles, and the points of each stroked path. */
function record(): { pen: Pen; bars: number[][]; paths: number[][][]; dashes: number[][]; dots: number[][] } {
  const bars: number[][] = []
  const paths: number[][][] = []
  const dashes: number[][] = []
  const dots: number[][] = []
  let path: number[][] = []
  const nothing = (): void => undefined
  const pen: Pen = {
    beginPath: () => void (path = []),
    moveTo: (x, y) => void path.push([x, y]),
    lineTo: (x, y) => void path.push([x, y]),
    stroke: () => void paths.push(path),
    fillRect: (x, y, w, h) => void bars.push([x, y, w, h]),
    setLineDash: (dash) => void dashes.push([...dash]),
    fill: nothing,
    closePath: nothing,
    arc: (x, y) => void dots.push([x, y]),
    save: nothing,
    restore: nothing,
    rect: nothing,
    clip: nothing,
    clearRect: nothing,
    lineWidth: 1,
    lineDashOffset: 0,
    strokeStyle: '',
    fillStyle: '',
    globalAlpha: 1,
    lineJoin: 'round',
  }
  return { pen, bars, paths, dashes, dots }
}

describe('drawing', () => {
  const plot = { left: 10, top: 5, width: 500, height: 200 }

  it('draws a calm line as a line through its points, in its dash', () => {
    const { pen, paths, bars } = record()
    const model = build([1, 2, 3, 4])
    drawLines(pen, model, plot, 1)
    const { x, y } = scalesOf(model, plot)
    expect(paths[0]).toEqual([1, 2, 3, 4].map((v) => [x(v), y(v)]))
    expect(bars).toEqual([])
  })

  it('has a dot at each of few points of the stretch in sight, also at its ends, and at none beside it', () => {
    const { pen, dots } = record()
    const model = build([1, 2, 3, 4, 5], { from: 2, to: 4 })
    drawLines(pen, model, plot, 1)
    const { x, y } = scalesOf(model, plot)
    expect(dots).toEqual([2, 3, 4].map((v) => [x(v), y(v)]))
    expect(dots.at(-1)?.[0]).toBe(plot.left + plot.width)
  })

  it('draws the spread of a group at its only point from edge to edge, with an end where that lies in the plot', () => {
    const buffer = bufferOf([0.9], [50])
    const band = { low: bufferOf([0.85], [50]), high: bufferOf([0.95], [50]) }
    const model = build([], { lines: [{ key: 'g', label: 'g', buffer, map: xMap('step', buffer, SOURCE), band }] })
    const { pen, paths } = record()
    drawLines(pen, model, plot, 1)
    const { x, y } = scalesOf(model, plot)
    const bar = paths.find((path) => path.length > 2)!
    expect(bar.slice(0, 2)).toEqual([[x(50), y(0.95)], [x(50), y(0.85)]]) // prettier-ignore
    expect(bar.slice(2).map(([, at]) => at)).toEqual([y(0.95), y(0.95), y(0.85), y(0.85)])
  })

  it('covers with bars the same pixels as the lines of a busy series would: each column from its least to its greatest value', () => {
    const length = 100_000
    const values = Array.from({ length }, (_, i) => Math.sin(i * i) * 5)
    const model = build(values, { to: length })
    const { pen, bars } = record()
    drawLines(pen, model, plot, 1)
    const { x, y } = scalesOf(model, plot)
    const wanted = new Map<number, [number, number]>()
    values.forEach((value, i) => {
      const column = Math.floor(x(i + 1))
      const [low, high] = wanted.get(column) ?? [Infinity, -Infinity]
      wanted.set(column, [Math.min(low, y(value)), Math.max(high, y(value))])
    })
    expect(bars.length).toBeGreaterThanOrEqual(wanted.size - 1)
    let close = 0
    for (const [left, top, , height] of bars) {
      const [low, high] = wanted.get(left!) ?? [NaN, NaN]
      if (Math.abs(top! - low) < 2 && Math.abs(top! + height! - high) < 2) close += 1
    }
    // A column's bar is also connected to the previous column, and column boundaries may differ by a point.
    expect(close / bars.length).toBeGreaterThan(0.95)
  })
})

describe('which charts a run has', () => {
  it('begins with loss and accuracy, before there is a point', () => {
    const { main, others } = planCharts([])
    expect(main.map(({ title }) => title)).toEqual(['Loss', 'Accuracy'])
    expect(others).toEqual([])
  })

  it('shows every metric once, one the table does not know under its own name, and training time as an axis only', () => {
    const keys = [
      'train/loss',
      'test/loss',
      'test/accuracy',
      'train/learningRate',
      'odd/thing',
      'system/residentMiB',
      'reversibility/reconstructionError',
    ]
    const { main, others } = planCharts([...keys, 'system/activeSeconds'])
    expect([...main, ...others].flatMap((plan) => plan.keys).sort()).toEqual([...keys].sort())
    expect(others.find(({ keys: own }) => own.includes('odd/thing'))?.title).toBe('odd/thing')
    expect(others[0]).toMatchObject({ id: 'reversibility/reconstructionError', logarithmic: true })
  })

  it('has the limit of stability in the chart of what it limits', () => {
    const { others } = planCharts(['stability/limit', 'stability/sharpness', 'stability/rateTimesSharpness', 'reversibility/gradientError'])
    expect(others.map(({ id, section }) => [id, section])).toEqual([
      ['reversibility/gradientError', 'Reversibility'],
      ['stability/rateTimesSharpness', 'Stability'],
      ['stability/sharpness', 'Stability'],
    ])
    expect(others[1]).toMatchObject({ title: 'Learning rate times sharpness', keys: ['stability/limit', 'stability/rateTimesSharpness'] })
  })

  it('puts them into sections, and what the machine gives into one of its own, with units', () => {
    const keys = ['system/cores', 'train/learningRate', 'system/residentMiB', 'reversibility/stage1', 'system/diskFreeGiB', 'train/total']
    const sections = bySection(planCharts(keys).others)
    expect(sections.map(({ section }) => section)).toEqual(['Reversibility', 'Training', 'System'])
    expect(sections.at(-1)!.plans.map(({ title, unit }) => `${title} ${unit}`)).toEqual([
      'CPU usage cores',
      'Free disk space GiB',
      'Process memory MiB',
    ])
  })

  it('draws the stages of one metric in one chart', () => {
    const { others } = planCharts(['reversibility/reconstructionError', 'reversibility/stage1', 'reversibility/stage2'])
    expect(others).toHaveLength(1)
    expect(others[0]?.keys).toEqual(['reversibility/stage1', 'reversibility/stage2'])
  })
})

describe('lines', () => {
  it('look all different, 50 of them, and neighbours differ in colour and in dash', () => {
    for (const dark of [false, true]) {
      const styles = Array.from({ length: 50 }, (_, i) => lineStyle(i, dark))
      expect(new Set(styles.map((style) => JSON.stringify(style))).size).toBe(50)
      for (let i = 1; i < 50; i++) {
        expect(styles[i]!.color).not.toBe(styles[i - 1]!.color)
        expect(styles[i]!.dash).not.toEqual(styles[i - 1]!.dash)
      }
    }
  })
})

describe('switches of y axes in an address', () => {
  it('come back as they were, whatever charts are called', () => {
    const look = fc.record({ logarithmic: fc.boolean(), outlierProof: fc.boolean() }, { requiredKeys: [] })
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), look), (charts) => {
        const kept = Object.entries(charts).filter(([, each]) => Object.keys(each).length > 0)
        expect(parseLooks(looksText(charts))).toEqual(new Map(kept))
      }),
    )
    expect(parseLooks('loss~log,loss~typical,x~gone,~log,%~log')).toEqual(new Map([['loss', { logarithmic: true, outlierProof: true }]]))
  })
})
