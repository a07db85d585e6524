import type { ChartModel } from '../charts/chart-model.js'
import type { Reduced } from '../charts/reduce.js'
import { labelledReferences } from '../charts/references.js'
import { metricLabel, metricUnit } from '../charts/sections.js'
import { xAxisTitle } from '../charts/x-axis.js'
import { bestRows, figureColumns, type FigureRow } from '../compare/figures.js'
import type { Sample } from '../compare/statistics.js'

const SPECIAL: Record<string, string> = { '\\': '\\textbackslash{}', '~': '\\textasciitilde{}', '^': '\\textasciicircum{}' }

/** Text that LaTeX prints as it is. */
export const escapeLatex = (text: string): string => text.replace(/[\\~^]|[&%$#_{}]/g, (sign) => SPECIAL[sign] ?? `\\${sign}`)

const number = (value: number, digits: number): string => {
  const size = Math.abs(value)
  if (value !== 0 && (size < 1e-3 || size >= 1e6)) {
    const [mantissa, exponent] = value.toExponential(2).split('e') as [string, string]
    return `${mantissa} \\times 10^{${Number(exponent)}}`
  }
  return value.toFixed(digits)
}

function entry(sample: Sample | undefined, unit: string, bold: boolean): string {
  if (!sample || sample.n === 0) return '--'
  const factor = unit === 'fraction' ? 100 : 1
  const digits = unit === 'fraction' ? 2 : 4
  const mean = number(sample.mean * factor, digits)
  const text =
    sample.n > 1
      ? `${bold ? `\\mathbf{${mean}}` : mean} \\pm ${number(sample.deviation * factor, digits)}`
      : bold
        ? `\\mathbf{${mean}}`
        : mean
  return `$${text}$`
}

/** A table for a paper: mean and sample deviation over the runs of each row, the best of a column in bold. Needs booktabs. */
export function latexTable(rows: readonly FigureRow[], metrics: readonly string[]): string {
  const columns = figureColumns(metrics)
  const best = columns.map(({ key, kind }) => bestRows(rows, key, kind))
  const head = [
    'Run',
    '$n$',
    ...columns.map(({ key, kind }) => escapeLatex(`${metricLabel(key)}, ${kind}${metricUnit(key) === 'fraction' ? ' (%)' : ''}`)),
  ]
  const body = rows.map((row) => {
    const n = Math.max(0, ...metrics.map((key) => row.final.get(key)?.n ?? 0))
    const cells = columns.map(({ key, kind }, i) => entry(row[kind].get(key), metricUnit(key), best[i]?.has(row.id) ?? false))
    return [escapeLatex(row.label), String(n), ...cells].join(' & ')
  })
  return [
    '% Mean and sample standard deviation over n runs. Needs \\usepackage{booktabs}.',
    `\\begin{tabular}{l${'r'.repeat(columns.length + 1)}}`,
    '\\toprule',
    `${head.join(' & ')} \\\\`,
    '\\midrule',
    ...body.map((line) => `${line} \\\\`),
    '\\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n')
}

/** Dashes of pgfplots, in points of the paper. */
const pattern = (dash: readonly number[]): string =>
  dash.length === 0 ? 'solid' : `dash pattern=${dash.map((length, i) => `${i % 2 === 0 ? 'on' : 'off'} ${length / 2}pt`).join(' ')}`

const coordinates = (points: Float64Array, factor: number): string =>
  Array.from({ length: points.length / 2 }, (_, i) => `${points[2 * i]} ${(points[2 * i + 1] as number) * factor}`)
    .map((line) => line.replace('NaN', 'nan'))
    .join('\n')

/** A chart as pgfplots source: what is drawn, with the legend, colours and dashes of the screen. */
export function pgfplots(model: ChartModel, title: string): string {
  const factor = model.unit === 'fraction' ? 100 : 1
  /** A percentage has the digits of its fraction, and none that the product makes up. */
  const written = (value: number): number => (factor === 1 ? value : Number((value * factor).toPrecision(15)))
  const unit = model.unit === 'fraction' ? ' (\\%)' : model.unit ? ` (${escapeLatex(model.unit)})` : ''
  const time = model.xAxis === 'wall' || model.xAxis === 'active' ? ' (s)' : ''
  const colours = model.lines.map(({ style }, i) => `\\definecolor{retrace${i}}{HTML}{${style.color.slice(1).toUpperCase()}}`)
  const options = [
    `xlabel={${xAxisTitle[model.xAxis]}${time}}`,
    `ylabel={${escapeLatex(title)}${unit}}`,
    `xmin=${model.from}, xmax=${model.to}`,
    ...(model.y ? [`ymin=${written(model.y.min)}, ymax=${written(model.y.max)}`] : []),
    ...(model.logarithmicX ? ['xmode=log'] : []),
    ...(model.logarithmic ? ['ymode=log'] : []),
    'unbounded coords=jump',
    'legend pos=outer north east',
    'legend cell align=left',
    'width=0.8\\linewidth',
  ]
  const edge = (name: string, { points }: Reduced): string[] => [
    `\\addplot[draw=none, forget plot, name path=${name}] table {`,
    coordinates(points, factor),
    '};',
  ]
  const bands = model.lines.flatMap(({ band }, i) =>
    band
      ? [
          ...edge(`low${i}`, band.low),
          ...edge(`high${i}`, band.high),
          `\\addplot[retrace${i}, opacity=0.16, forget plot] fill between[of=low${i} and high${i}];`,
        ]
      : [],
  )
  const plots = model.lines.flatMap(({ label, style, main, raw }, i) => [
    ...(raw ? [`\\addplot[retrace${i}, opacity=0.28, thin, forget plot] table {`, coordinates(raw.points, factor), '};'] : []),
    `\\addplot[retrace${i}, thick, ${pattern(style.dash)}] table {`,
    coordinates(main.points, factor),
    '};',
    `\\addlegendentry{${escapeLatex(label)}}`,
  ])
  const references = labelledReferences(model).map(
    ({ value, label }) =>
      `\\addplot[gray, dashed, forget plot, domain=${model.from}:${model.to}, samples=2] {${written(value)}} node[pos=0.02, anchor=south west, font=\\tiny] {${escapeLatex(label)}};`,
  )
  return [
    '% Needs \\usepackage{pgfplots,xcolor}, \\usepgfplotslibrary{fillbetween} and \\pgfplotsset{compat=1.18}.',
    ...colours,
    '\\begin{tikzpicture}',
    `\\begin{axis}[\n  ${options.join(',\n  ')},\n]`,
    ...bands,
    ...plots,
    ...references,
    '\\end{axis}',
    '\\end{tikzpicture}',
    '',
  ].join('\n')
}
