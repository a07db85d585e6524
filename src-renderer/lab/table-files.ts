import { csv } from '../../src-main/contract/csv.js'
import { numberOf, type LabResult, type LabTable } from '../../src-main/contract/lab.js'
import { axisTitle } from '../charts/axis-title.js'
import { escapeLatex } from '../charts/export/latex-text.js'
import { acrossOf, curvesOf, ENDS, heatCells, ownTicks, zeroEdge, ZEROS, type Curve, type Plot } from './curves.js'

/** A complete result as JSON, as printed by `retrace lab --json`. */
export const labJson = (result: LabResult): string => `${JSON.stringify(result, null, 2)}\n`

const written = (value: number | null): string => (value === null ? 'nan' : String(value))

/** The title of an axis whose values are shown as measured: fractions stay fractions and are not percentages. */
const measuredTitle = ({ label, unit }: { label: string; unit: string }): string =>
  unit === 'fraction' ? `${label} (fraction)` : axisTitle(label, unit)

/** A figure as pgfplots source. */
export const labPgfplots = (figure: Plot, table: LabTable): string =>
  figure.kind === 'heatmap' ? heatPgfplots(figure, table) : curvesPgfplots(figure, table)

/** Maximum number of tick labels on paper, because more would overlap. */
const MOST_TICKS = 10

function ticks(axis: 'x' | 'y', labels: readonly string[]): string {
  const every = Math.ceil(labels.length / MOST_TICKS)
  const shown = labels.flatMap((label, at) => (at % every === 0 ? [{ label, at }] : []))
  const names = shown.map(({ label }) => `{${escapeLatex(label)}}`).join(',')
  return `${axis}tick={${shown.map(({ at }) => at).join(',')}}, ${axis}ticklabels={${names}}`
}

/**
 * Cells in rows of equal length, as a matrix plot requires: cells without a value are nan, and those whose runs ended without one are
 * marked.
 */
function heatPgfplots(figure: Extract<Plot, { kind: 'heatmap' }>, table: LabTable): string {
  const { columns, rows, cells } = heatCells(figure, table)
  const values = new Map(cells.map(({ column, row, value }) => [row * columns.length + column, value]))
  const { log } = figure.valueAxis
  const ended = ENDS.map((end) => ({ end, marked: cells.filter((cell) => cell.ended === end) })).filter(({ marked }) => marked.length > 0)
  const options = [
    `title={${escapeLatex(figure.title)}}`,
    `xlabel={${escapeLatex(measuredTitle(figure.xAxis))}}`,
    `ylabel={${escapeLatex(measuredTitle(figure.yAxis))}}`,
    ticks('x', columns),
    ticks('y', rows),
    'enlargelimits=false',
    'axis on top',
    'unbounded coords=jump',
    'colorbar',
    `colorbar style={ylabel={${escapeLatex(measuredTitle(figure.valueAxis))}}${log ? ', yticklabel={$10^{\\pgfmathprintnumber{\\tick}}$}' : ''}}`,
    'colormap={retrace}{color=(white) rgb255=(156,194,230) rgb255=(21,89,156)}',
    ...(ended.length > 0 ? ['legend style={at={(0.5,-0.2)}, anchor=north, legend columns=-1}'] : []),
  ]
  return [
    '\\begin{tikzpicture}',
    `\\begin{axis}[${options.join(', ')}]`,
    `\\addplot[matrix plot*, forget plot, mesh/cols=${columns.length}, point meta=explicit] table[x index=0, y index=1, meta index=2] {`,
    ...rows.flatMap((_, row) =>
      columns.map((__, column) => `${column} ${row} ${written(values.get(row * columns.length + column) ?? null)}`),
    ),
    '};',
    // A matrix plot has no legend of its own.
    ...ended.flatMap(({ end, marked }) => [
      `\\addplot[only marks, mark=${end === 'diverged' ? 'x' : 'asterisk'}, mark size=4pt, red] coordinates {${marked.map(({ column, row }) => `(${column},${row})`).join(' ')}};`,
      `\\addlegendentry{${end}}`,
    ]),
    '\\end{axis}',
    '\\end{tikzpicture}',
    '',
  ].join('\n')
}

/** Dashed lines across the plot with their labels, for tolerances and limits. They extend over the range of the drawn values. */
function markPlots(figure: Extract<Plot, { kind: 'line' | 'scatter' }>, found: readonly Curve[], edge: number | null): string[] {
  if (figure.kind === 'scatter') return []
  const ends = (axis: 0 | 1): [number, number] => {
    const own = found.flatMap(({ points }) => points.flatMap((point) => point[axis] ?? []))
    const marked = figure.marks.flatMap((mark) => ((mark.axis === 'x') === (axis === 0) ? [mark.value] : []))
    const all = [...own, ...marked, ...(axis === 1 && edge !== null ? [edge] : [])]
    return [Math.min(...all), Math.max(...all)]
  }
  return figure.marks.flatMap(({ axis, value, label }) => {
    const [low, high] = ends(axis === 'x' ? 1 : 0)
    const [from, to] = axis === 'x' ? [[value, low], [value, high]] : [[low, value], [high, value]] // prettier-ignore
    return `\\addplot[dashed, black!60, mark=none, forget plot] coordinates {(${from!.join(',')}) (${to!.join(',')})} node[pos=1, above left, font=\\footnotesize] {${escapeLatex(label)}};`
  })
}

function curvesPgfplots(figure: Extract<Plot, { kind: 'line' | 'scatter' }>, table: LabTable): string {
  const { xAxis, yAxis } = figure
  const points = figure.kind === 'scatter'
  const found = curvesOf(figure, table)
  const edge = zeroEdge(found)
  const own = ownTicks(acrossOf(figure, found), xAxis)
  const options = [
    `title={${escapeLatex(figure.title)}}`,
    `xlabel={${escapeLatex(measuredTitle(xAxis))}}`,
    `ylabel={${escapeLatex(measuredTitle(yAxis))}}`,
    ...(xAxis.log ? ['xmode=log'] : []),
    ...(own ? [`xtick={${own.ticks.join(',')}}`, `xticklabels={${own.ticks.join(',')}}`] : []),
    ...(yAxis.log ? ['ymode=log'] : []),
    ...(edge === null ? [] : [`ymin=${edge}`]),
    ...(points && figure.equal ? ['axis equal'] : []),
    'unbounded coords=jump',
    'legend pos=outer north east',
  ]
  const curves = found.flatMap(({ name, points: some, loose = false, bars }) => [
    `\\addplot+[${points || loose ? 'only marks' : 'mark size=1pt'}${bars ? ', error bars/.cd, y dir=both, y explicit' : ''}] table${bars ? '[x index=0, y index=1, y error plus index=2, y error minus index=3]' : ''} {`,
    ...some.map(([x, y], at) => {
      const bar = bars?.[at]
      const ends = bars ? ` ${bar && y !== null ? `${bar[1] - y} ${y - bar[0]}` : '0 0'}` : ''
      return `${written(x)} ${written(y)}${ends}`
    }),
    '};',
    `\\addlegendentry{${escapeLatex(name)}}`,
  ])
  const zeros = found.flatMap(({ zeros: some = [] }) =>
    some.length === 0
      ? []
      : [
          `\\addplot[only marks, mark=triangle*, mark options={rotate=180}, forget plot] coordinates {${some.map((x) => `(${x},${edge})`).join(' ')}};`,
        ],
  )
  const regions = points
    ? figure.regions.flatMap(({ label, points: corners }) => [
        `\\addplot[dashed] coordinates {${[...corners, ...(corners.length > 2 ? corners.slice(0, 1) : [])].map(([x, y]) => `(${x},${y})`).join(' ')}};`,
        `\\addlegendentry{${escapeLatex(label)}}`,
      ])
    : []
  return [
    '\\begin{tikzpicture}',
    `\\begin{axis}[${options.join(', ')}]`,
    ...curves,
    ...(zeros.length > 0 ? [`% ${ZEROS}`] : []),
    ...zeros,
    ...regions,
    ...markPlots(figure, found, edge),
    '\\end{axis}',
    '\\end{tikzpicture}',
    '',
  ].join('\n')
}

interface ValuedImage {
  label: string
  width: number
  values: ArrayLike<number | null>
}

/** The values of rows of single-channel images as a file: one line per pixel, counted from 1 starting at the top left. */
export const stripCsv = (rows: readonly { label: string; images: readonly ValuedImage[] }[]): string =>
  csv(
    ['row', 'image', 'y', 'x', 'value'],
    rows.flatMap((row) =>
      row.images.flatMap(({ label, width, values }) =>
        Array.from(values, (value, at) => [row.label, label, Math.floor(at / width) + 1, (at % width) + 1, value]),
      ),
    ),
  )

/** The table that contains the data of a figure. */
export const tableOf = ({ tables }: Pick<LabResult, 'tables'>, key: string): LabTable | undefined =>
  tables.find((table) => table.key === key)

/** Whether a column contains only numbers. */
export const isNumeric = (values: LabTable['columns'][number]['values']): boolean =>
  values.every((cell) => cell === null || !Number.isNaN(numberOf(cell)) || cell === 'NaN')
