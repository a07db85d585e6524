import { axisTitle } from '../axis-title.js'
import { onPaper, type ChartModel } from '../chart-model.js'
import { errorBarOf, marksOf, type Mark } from '../marks.js'
import { chartTheme } from '../palette.js'
import type { Reduced } from '../reduce.js'
import { labelledReferences } from '../references.js'
import { scalesOf } from '../scales.js'
import { xAxisLabel } from '../x-axis.js'
import { cutLine } from './cut-line.js'
import { escapeLatex, lettersNote } from './latex-text.js'

/** A pgfplots dash pattern, in points. */
const pattern = (dash: readonly number[]): string =>
  dash.length === 0 ? 'solid' : `dash pattern=${dash.map((length, i) => `${i % 2 === 0 ? 'on' : 'off'} ${length / 2}pt`).join(' ')}`

const coordinates = (points: ArrayLike<number>, factor: number): string =>
  Array.from({ length: points.length / 2 }, (_, i) => `${points[2 * i]} ${(points[2 * i + 1] as number) * factor}`)
    .map((line) => line.replace('NaN', 'nan'))
    .join('\n')

/** The approximate size of the plot on paper, in points: marks that would overlap at this size are left out. */
const PAPER = { left: 0, top: 0, width: 280, height: 200 }
const SIGNS: Record<Mark['kind'], string> = {
  nothing: 'mark=x',
  above: 'mark=triangle*',
  below: 'mark=triangle*, mark options={rotate=180}',
}

/** Marks of one kind and colour as one plot. */
function markPlots(model: ChartModel, written: (value: number) => number, colourOf: (color: string) => string): string[] {
  const { y } = model
  if (!y) return []
  const plots = new Map<string, number[]>()
  for (const { kind, x, color } of marksOf(model, scalesOf(model, PAPER).x)) {
    const options = `${colourOf(color)}, only marks, ${SIGNS[kind]}`
    const at = plots.get(`${options}|${kind === 'above' ? y.max : y.min}`) ?? []
    plots.set(`${options}|${kind === 'above' ? y.max : y.min}`, [...at, x])
  }
  return [...plots].map(([key, positions]) => {
    const [options, edge] = key.split('|') as [string, string]
    return `\\addplot[${options}, forget plot] coordinates {${positions.map((x) => `(${x},${written(Number(edge))})`).join(' ')}};`
  })
}

/** A chart as pgfplots source: its lines and marks, with the legend, colours and dashes of the screen. */
export function pgfplots(chart: ChartModel): string {
  const model = onPaper(chart)
  const factor = model.unit === 'fraction' ? 100 : 1
  /** A percentage has the digits of its fraction, without rounding errors of the product. */
  const written = (value: number): number => (factor === 1 ? value : Number((value * factor).toPrecision(15)))
  const defined = (name: string, color: string): string => `\\definecolor{${name}}{HTML}{${color.slice(1).toUpperCase()}}`
  const colours = model.lines.map(({ style }, i) => defined(`retrace${i}`, style.color))
  const { error } = chartTheme(model.dark)
  const colourOf = (color: string): string =>
    color === error ? 'retraceNaN' : `retrace${model.lines.findIndex(({ style }) => style.color === color)}`
  const options = [
    `xlabel={${xAxisLabel(model.xAxis)}}`,
    `ylabel={${escapeLatex(axisTitle(model.title, model.unit))}}`,
    `xmin=${model.from}, xmax=${model.to}`,
    ...(model.y ? [`ymin=${written(model.y.min)}, ymax=${written(model.y.max)}`] : []),
    ...(model.logarithmicX ? ['xmode=log'] : []),
    ...(model.logarithmic ? ['ymode=log'] : []),
    'unbounded coords=jump',
    'legend pos=outer north east',
    'legend cell align=left',
    'width=0.8\\linewidth',
  ]
  const { from, to, logarithmicX, y } = model
  const table = ({ points }: Reduced): string =>
    coordinates(
      y ? cutLine(points, { min: from, max: to, logarithmic: logarithmicX }, { ...y, logarithmic: model.logarithmic }) : points,
      factor,
    )
  const edge = (name: string, line: Reduced): string[] => [
    `\\addplot[draw=none, forget plot, name path=${name}] table {`,
    table(line),
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
  const bars = model.lines.flatMap((line, i) => {
    const bar = errorBarOf(line)
    if (!bar) return []
    const ends = [bar.low, bar.high].map((end) => `(${bar.x},${written(end)})`)
    return [`\\addplot[retrace${i}, thick, mark=-, mark size=3pt, forget plot] coordinates {${ends.join(' ')}};`]
  })
  const plots = model.lines.flatMap(({ label, style, main, raw }, i) => [
    ...(raw ? [`\\addplot[retrace${i}, opacity=0.28, thin, forget plot] table {`, table(raw), '};'] : []),
    `\\addplot[retrace${i}, thick, ${pattern(style.dash)}] table {`,
    table(main),
    '};',
    `\\addlegendentry{${escapeLatex(label)}}`,
  ])
  const references = labelledReferences(model).map(
    ({ value, label }) =>
      `\\addplot[gray, dashed, forget plot, domain=${model.from}:${model.to}, samples=2] {${written(value)}} node[pos=0.02, anchor=south west, font=\\tiny] {${escapeLatex(label)}};`,
  )
  const source = [
    ...colours,
    defined('retraceNaN', error),
    '\\begin{tikzpicture}',
    `\\begin{axis}[\n  ${options.join(',\n  ')},\n]`,
    ...bands,
    ...bars,
    ...plots,
    ...markPlots(model, written, colourOf),
    ...references,
    '\\end{axis}',
    '\\end{tikzpicture}',
    '',
  ].join('\n')
  const needs = '% Needs \\usepackage{pgfplots,xcolor}, \\usepgfplotslibrary{fillbetween} and \\pgfplotsset{compat=1.18}.'
  return [needs, ...lettersNote(source), source].join('\n')
}
