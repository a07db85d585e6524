import { csv } from '../../src-main/contract/csv.js'
import { numberOf, type LabResult, type LabTable } from '../../src-main/contract/lab.js'
import { axisTitle } from '../charts/axis-title.js'
import { escapeLatex } from '../charts/export/latex-text.js'
import { curvesOf, zeroEdge, ZEROS, type Plot } from './curves.js'

/** A whole result as JSON, as `retrace lab --json` prints it. */
export const labJson = (result: LabResult): string => `${JSON.stringify(result, null, 2)}\n`

const written = (value: number | null): string => (value === null ? 'nan' : String(value))

/** The title of an axis along which values stand as they were measured: fractions are no percentages. */
const measuredTitle = ({ label, unit }: { label: string; unit: string }): string =>
  unit === 'fraction' ? `${label} (fraction)` : axisTitle(label, unit)

/** A figure of curves or points as pgfplots source. */
export function labPgfplots(figure: Exclude<Plot, { kind: 'heatmap' }>, table: LabTable): string {
  const { xAxis, yAxis } = figure
  const points = figure.kind === 'scatter'
  const found = curvesOf(figure, table)
  const edge = zeroEdge(found)
  const options = [
    `title={${escapeLatex(figure.title)}}`,
    `xlabel={${escapeLatex(measuredTitle(xAxis))}}`,
    `ylabel={${escapeLatex(measuredTitle(yAxis))}}`,
    ...(xAxis.log ? ['xmode=log'] : []),
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

/** The values of rows of images of one channel as a file: a line for each pixel, counted from 1 from the top left. */
export const stripCsv = (rows: readonly { label: string; images: readonly ValuedImage[] }[]): string =>
  csv(
    ['row', 'image', 'y', 'x', 'value'],
    rows.flatMap((row) =>
      row.images.flatMap(({ label, width, values }) =>
        Array.from(values, (value, at) => [row.label, label, Math.floor(at / width) + 1, (at % width) + 1, value]),
      ),
    ),
  )

/** The table that a figure draws. */
export const tableOf = ({ tables }: Pick<LabResult, 'tables'>, key: string): LabTable | undefined =>
  tables.find((table) => table.key === key)

/** Whether a column holds numbers alone. */
export const isNumeric = (values: LabTable['columns'][number]['values']): boolean =>
  values.every((cell) => cell === null || !Number.isNaN(numberOf(cell)) || cell === 'NaN')
