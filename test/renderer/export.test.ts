import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chartModel } from '../../src-renderer/charts/chart-model.js'
import { xMap } from '../../src-renderer/charts/x-axis.js'
import { figureRows } from '../../src-renderer/compare/figures.js'
import { chartSvg } from '../../src-renderer/export/chart-image.js'
import { fileName } from '../../src-renderer/export/download.js'
import { fetchSeries } from '../../src-renderer/export/fetch-series.js'
import { Aggregate } from '../../src-renderer/compare/aggregate.js'
import { escapeLatex, latexTable, pgfplots } from '../../src-renderer/export/latex.js'
import {
  figuresCsv,
  figuresJson,
  groupsCsv,
  pointsCsv,
  pointsJson,
  quantitiesCsv,
  quantitiesJson,
} from '../../src-renderer/export/tables.js'
import { SeriesBuffer } from '../../src-renderer/series/series-buffer.js'
import { connectInMemory } from '../../src-main/transport/memory.js'
import { FakeServices } from '../fixtures/fake-services.js'

const doubles = fc.array(fc.double(), { maxLength: 50 })
const series = (values: number[]) => ({
  runId: 'abcd',
  run: 'a, "quoted"\nname',
  key: 'train/loss',
  points: {
    steps: Float64Array.from(values, (_, i) => i + 1),
    values: Float64Array.from(values),
    times: Float64Array.from(values, (_, i) => 1e12 + i / 3),
  },
})

function bufferOf(values: number[]): SeriesBuffer {
  const buffer = new SeriesBuffer()
  buffer.append(series(values).points)
  return buffer
}

const model = (count = 1) =>
  chartModel({
    lines: Array.from({ length: count }, (_, i) => {
      const buffer = bufferOf([1, 2, NaN, 3 + i])
      const map = xMap('step', buffer, { stepsPerEpoch: null, batch: null, startedAt: null, active: null })
      return { key: `r${i}`, label: `run_${i} & <more>`, buffer, map }
    }),
    unit: 'nats',
    xAxis: 'step',
    from: 0,
    to: 5,
    columns: 100,
    dark: false,
    logarithmic: false,
    logarithmicX: false,
    outlierProof: false,
    references: [{ value: 2, label: 'published 50%', kind: 'published' }],
  })

describe('points as CSV and JSON', () => {
  it('have a row a point, from which every double comes back, NaN and infinities included', () => {
    fc.assert(
      fc.property(doubles, (values) => {
        const one = series(values)
        // The name has a line break inside quotes; the columns after it have none.
        const rows = pointsCsv([one])
          .trimEnd()
          .split('\n')
          .filter((line) => /train\/loss/.test(line))
        expect(rows).toHaveLength(values.length)
        rows.forEach((row, i) => {
          const [, step, value, time] = /train\/loss,([^,]*),([^,]*),([^,]*)$/.exec(row)!.map(Number)
          expect([step, value, time]).toEqual([i + 1, values[i], 1e12 + i / 3])
        })
        const [json] = JSON.parse(pointsJson([one])) as { values: (number | string)[] }[]
        expect(json!.values.map(Number)).toEqual(values)
      }),
    )
  })

  it('cannot smuggle a formula into a spreadsheet', () => {
    expect(pointsCsv([{ ...series([1]), run: '=cmd()' }])).toContain(",'=cmd(),")
  })

  it('are of everything that is stored, also of what the page has in little', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 200_000 } })
    fake.advance(70_000)
    const points = await fetchSeries(connectInMemory(fake), id, 'train/loss')
    expect(points.steps.length).toBe(70_000)
    expect(points.steps.every((step, i) => step === i + 1)).toBe(true)
  })
})

describe('tables for papers', () => {
  const rows = figureRows(
    [
      { id: 'a', label: 'Ours_1', runs: [0.9, 0.92].map((value) => ({ series: new Map([['test/accuracy', bufferOf([value])]]) })) },
      { id: 'b', label: '50% & less', runs: [{ series: new Map([['test/accuracy', bufferOf([0.8])]]) }] },
    ],
    ['test/accuracy'],
  )

  it('have mean and deviation, the best in bold, and nothing that LaTeX would stumble over', () => {
    const lines = latexTable(rows, ['test/accuracy']).split('\n')
    expect(lines).toContain('Ours\\_1 & 2 & $\\mathbf{91.00} \\pm 1.41$ & $\\mathbf{91.00} \\pm 1.41$ \\\\')
    expect(lines).toContain('50\\% \\& less & 1 & $80.00$ & $80.00$ \\\\')
    expect(lines.find((line) => line.startsWith('Run'))).toMatch(/\(\\%\)/)
    expect(escapeLatex('a\\b~c^d{}$#')).toBe('a\\textbackslash{}b\\textasciitilde{}c\\textasciicircum{}d\\{\\}\\$\\#')
  })

  it('are CSV and JSON in full precision as well', () => {
    expect(figuresCsv(rows, ['test/accuracy'])).toContain(`Ours_1,test/accuracy,final,2,${(0.9 + 0.92) / 2},`)
    const read = JSON.parse(figuresJson(rows, ['test/accuracy'])) as object[]
    expect(read.map((row) => Object.values(row).slice(0, 4))).toEqual([
      ['Ours_1', 'test/accuracy', 'final', 2],
      ['Ours_1', 'test/accuracy', 'best', 2],
      ['50% & less', 'test/accuracy', 'final', 1],
      ['50% & less', 'test/accuracy', 'best', 1],
    ])
    expect(read[0]).toMatchObject({
      mean: (0.9 + 0.92) / 2,
      deviation: rows[0]!.final.get('test/accuracy')!.deviation,
      min: 0.9,
      max: 0.92,
    })
    // There is no deviation of one.
    expect(read[2]).toMatchObject({ mean: 0.8, deviation: null, error: null })
  })

  it('are what differs between configurations, whatever kind a value is of, empty where a run does not have it', () => {
    const runs = [
      { id: 'a1', name: 'one' },
      { id: 'b2', name: 'two, =2' },
    ]
    const columns = [
      { name: 'h', values: [0.1 + 0.2, 1e-7] },
      { name: 'augment.flip', values: [true, undefined] },
      { name: 'note', values: ['=1+1', null] },
    ]
    expect(quantitiesCsv(runs, columns)).toBe(`run,name,h,augment.flip,note\na1,one,0.30000000000000004,true,'=1+1\nb2,"two, =2",1e-7,,\n`)
    expect(JSON.parse(quantitiesJson(runs, columns))).toEqual([
      { run: 'a1', name: 'one', values: { h: 0.1 + 0.2, 'augment.flip': true, note: '=1+1' } },
      { run: 'b2', name: 'two, =2', values: { h: 1e-7, 'augment.flip': null, note: null } },
    ])
  })
})

describe('charts for papers', () => {
  it('are pgfplots source with the points, names, scales and reference lines of the chart', () => {
    const source = pgfplots(model(2), 'Loss_a')
    expect(source).toContain('\\addlegendentry{run\\_1 \\& <more>}')
    expect(source).toContain('1 1\n2 2\n3 nan\n4 3\n')
    expect(source).toContain('ylabel={Loss\\_a (nats)}')
    expect(source).toContain('{2} node')
    expect((source.match(/\\begin/g) ?? []).length).toBe((source.match(/\\end\{/g) ?? []).length)
  })

  it('have the band of a group in pgfplots source, and its statistics step by step as rows that read back as the same numbers', () => {
    const members = [[1, 2, 4], [3]].map((values) => ({ buffer: bufferOf(values), startedAt: 0 }))
    const aggregate = new Aggregate(members, 'mean', 'deviation')
    aggregate.update()
    const { buffer, low, high } = aggregate
    const map = xMap('step', buffer, { stepsPerEpoch: null, batch: null, startedAt: null, active: null })
    const line = { key: 'g', label: 'g', buffer, map, band: { low, high } }
    const whole = { unit: '', xAxis: 'step', from: 0, to: 3, columns: 100, dark: false, logarithmic: false, logarithmicX: false } as const
    const source = pgfplots(chartModel({ lines: [line], ...whole, outlierProof: false }), 'Loss')
    expect(source).toContain('fill between[of=low0 and high0]')
    expect(source).toContain(`name path=high0] table {\n1 ${2 + Math.SQRT2}\n2 nan`)
    const rows = groupsCsv([{ label: 'a, b', key: 'train/loss', aggregate }])
      .trimEnd()
      .split('\n')
    expect(rows).toEqual([
      'group,metric,center,band,step,n,value,low,high',
      `"a, b",train/loss,mean,deviation,1,2,2,${2 - Math.SQRT2},${2 + Math.SQRT2}`,
      '"a, b",train/loss,mean,deviation,2,1,2,,',
      '"a, b",train/loss,mean,deviation,3,1,4,,',
    ])
  })

  it('are SVG with title, axes, lines and a legend of every line, and no markup from a name', () => {
    const svg = chartSvg(model(50), 'Loss')
    for (let i = 0; i < 50; i++) expect(svg).toContain(`run_${i} &amp; &lt;more&gt;`)
    expect(svg).toMatch(/^<svg width="9\d\d" height="1170"/)
    expect(svg).toContain('>Loss</text>')
    expect(svg).toContain('published 50%')
  })

  it('are saved under names that every system takes', () => {
    expect(fileName('retrace', 'a/b: c?* "d"')).toBe('retrace-a-b-c-d')
    expect(fileName('')).toBe('retrace')
  })
})
