import { describe, expect, it } from 'vitest'
import { axisEnd } from '../../src-renderer/charts/axis.js'
import { lineStyle } from '../../src-renderer/charts/palette.js'
import { lineLabel, planCharts } from '../../src-renderer/charts/sections.js'
import { seriesChartOption, type SeriesChartInput } from '../../src-renderer/charts/series-chart.js'
import { SeriesBuffer } from '../../src-renderer/series/series-buffer.js'

function bufferOf(values: number[]): SeriesBuffer {
  const buffer = new SeriesBuffer()
  buffer.append({
    steps: Float64Array.from(values, (_, i) => i + 1),
    values: Float64Array.from(values),
    times: new Float64Array(values.length),
  })
  return buffer
}

interface Series {
  id: string
  type: string
  data: [number, number | null][]
  markLine?: { data: { yAxis: number }[] }
}

function build(
  values: number[],
  more: Partial<SeriesChartInput> = {},
): { series: Series[]; xAxis: { name: string; min: number; max: number }; option: ReturnType<typeof seriesChartOption> } {
  const option = seriesChartOption({
    lines: [{ key: 'train/loss', label: 'training', buffer: bufferOf(values) }],
    unit: 'nats',
    from: 0,
    to: 100,
    columns: 500,
    dark: false,
    animate: false,
    logarithmic: false,
    smoothing: 1,
    stepsPerEpoch: 80,
    ...more,
  })
  return { option, series: option.series as Series[], xAxis: option.xAxis as { name: string; min: number; max: number } }
}

const find = (series: Series[], id: string): Series => {
  const found = series.find((one) => one.id === id)
  if (!found) throw new Error(`no series ${id}`)
  return found
}

describe('the option of a chart over steps', () => {
  it('has a labelled axis of steps with the ends that were asked for', () => {
    expect(build([1]).xAxis).toMatchObject({ name: 'step', min: 0, max: 100 })
  })

  it('marks what is not a number with crosses and leaves a gap there', () => {
    const { series } = build([3, NaN, Infinity, 2])
    expect(find(series, 'train/loss').data).toEqual([
      [1, 3],
      [2, null],
      [3, null],
      [4, 2],
    ])
    expect(find(series, 'train/loss~nonfinite').data.map(([step]) => step)).toEqual([2, 3])
  })

  it('leaves out what a logarithmic axis cannot show', () => {
    const { series } = build([1, 0, -1, 4], { logarithmic: true })
    expect(find(series, 'train/loss').data.map(([, value]) => value)).toEqual([1, null, null, 4])
  })

  it('puts a moving average over a faint line, once there are points enough', () => {
    const values = Array.from({ length: 60 }, (_, i) => i % 2)
    const { series } = build(values, { smoothing: 10 })
    expect(find(series, 'train/loss~mean').data.at(-1)).toEqual([60, 0.5])
    expect(build([1, 2], { smoothing: 10 }).series.map(({ id }) => id)).not.toContain('train/loss~mean')
  })

  it('draws a limit', () => {
    const { series } = build([1], { limit: { value: 1e-3, label: 'tolerance' } })
    expect(find(series, 'train/loss').markLine?.data).toEqual([{ yAxis: 1e-3 }])
  })

  it('hands no more than four points a pixel column to the renderer, however long the history', () => {
    const { series } = build(
      Array.from({ length: 200_000 }, (_, i) => Math.sin(i)),
      { to: 200_000 },
    )
    expect(find(series, 'train/loss').data.length).toBeLessThanOrEqual(2000)
  })

  it('says step, epoch and value in its tooltip, and no markup from a name', () => {
    const { option } = build([1], { lines: [{ key: 'x', label: '<b>x</b>', buffer: bufferOf([1]) }] })
    const format = (option.tooltip as { formatter: (points: unknown) => string }).formatter
    const html = format([{ seriesName: '<img src=x>', marker: '', value: [160, 0.5] }])
    expect(html).toContain('step 160 · epoch 2.00')
    expect(html).toContain('0.500')
    expect(html).not.toContain('<img')
  })
})

describe('which charts a run has', () => {
  it('begins with loss and accuracy, before there is a point', () => {
    const { main, others } = planCharts([])
    expect(main.map(({ title }) => title)).toEqual(['Loss', 'Accuracy'])
    expect(others).toEqual([])
  })

  it('shows every metric once, one the table does not know under its own name', () => {
    const keys = [
      'train/loss',
      'test/loss',
      'test/accuracy',
      'train/learningRate',
      'odd/thing',
      'system/residentMiB',
      'reversibility/reconstructionError',
    ]
    const { main, others } = planCharts(keys)
    expect([...main, ...others].flatMap((plan) => plan.keys).sort()).toEqual([...keys].sort())
    expect(others.find(({ keys: own }) => own.includes('odd/thing'))?.title).toBe('odd/thing')
    expect(others[0]).toMatchObject({ id: 'reversibility/reconstructionError', logarithmic: true })
  })

  it('draws the stages in one chart, in the place of the largest of them', () => {
    const { others } = planCharts(['reversibility/reconstructionError', 'reversibility/stage1', 'reversibility/stage2'])
    expect(others).toMatchObject([{ id: 'reversibility/reconstructionError', keys: ['reversibility/stage1', 'reversibility/stage2'] }])
    expect(others[0]?.keys.map(lineLabel)).toEqual(['stage 1', 'stage 2'])
  })
})

describe('the end of a live axis', () => {
  it('holds every point, moves seldom, and ends with the run', () => {
    const ends = new Set<number>()
    for (let step = 0; step <= 8000; step++) {
      const end = axisEnd(step, 8000)
      expect(end).toBeGreaterThanOrEqual(step)
      expect(end).toBeLessThanOrEqual(8000)
      ends.add(end)
    }
    expect(ends.size).toBeLessThan(20)
    expect(axisEnd(8000, 8000)).toBe(8000)
    expect(axisEnd(9000, 8000)).toBe(9000)
  })
})

describe('lines', () => {
  it('differ in dash as well as in colour', () => {
    const styles = [0, 1, 2, 3].map((i) => lineStyle(i, false))
    expect(new Set(styles.map(({ color }) => color)).size).toBe(4)
    expect(new Set(styles.map(({ dash }) => JSON.stringify(dash))).size).toBe(4)
  })
})
