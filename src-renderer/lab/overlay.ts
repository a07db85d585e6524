import { type Cell, type LabFigure, type LabResult, type LabTable } from '../../src-main/contract/lab.js'
import { lineStyle } from '../charts/palette.js'
import { labelOf, textOf, valuesOf, type Plot } from './curves.js'
import type { CurveStyle } from './figure-option.js'
import { tableOf } from './table-files.js'

/** A result in a comparison with those of other runs. */
export interface ComparedResult {
  /** Unique among the results. */
  run: string
  /** Index of the run's line style in other charts, from 0. */
  style: number
  result: LabResult
}

export type ComparedFigure =
  | { key: string; kind: 'overlay'; figure: Plot; table: LabTable; style: CurveStyle }
  | {
      key: string
      kind: 'beside'
      title: string
      each: { run: string; figure: LabFigure; table: LabTable | null }[]
      /** The values of all of them, for a common colour scale of heat maps. */
      scale: Cell[]
    }

type Curves = Extract<Plot, { kind: 'line' | 'scatter' }>
type Part = ComparedResult & { figure: LabFigure; table: LabTable | null }
type Overlaid = ComparedResult & { figure: Curves; table: LabTable }

/** Identifies the content of a figure, in order to find it in other results of the same diagnostic. */
function subjectOf(figure: LabFigure): string {
  if (figure.kind === 'strip') return figure.kind
  const { kind, table, x, y } = figure
  return [kind, table, x, y, ...(figure.kind === 'heatmap' ? [figure.value] : [figure.by ?? ''])].join(' ')
}

/**
 * The figures of several results of one diagnostic: curves and points that all of them have are combined in one chart, others are shown
 * side by side. Pure.
 */
export function compareFigures(results: readonly ComparedResult[]): ComparedFigure[] {
  const found = new Map<string, Part[]>()
  for (const compared of results) {
    const seen = new Map<string, number>()
    for (const figure of compared.result.figures) {
      const subject = subjectOf(figure)
      const count = (seen.get(subject) ?? 0) + 1
      seen.set(subject, count)
      const key = `${subject} ${count}`
      const table = figure.kind === 'strip' ? null : (tableOf(compared.result, figure.table) ?? null)
      found.set(key, [...(found.get(key) ?? []), { ...compared, figure, table }])
    }
  }
  return [...found].map(([key, parts]): ComparedFigure => {
    const curves = parts.filter(isOverlaid)
    const [first] = curves
    const same =
      first && curves.every(({ figure: { xAxis, yAxis } }) => xAxis.log === first.figure.xAxis.log && yAxis.log === first.figure.yAxis.log)
    if (same && curves.length === results.length) return { key, kind: 'overlay', ...overlay(curves) }
    const scale = parts.flatMap(({ figure, table }) => (figure.kind === 'heatmap' && table ? valuesOf(table, figure.value) : []))
    return { key, kind: 'beside', title: titleOf(parts), each: parts.map(({ run, figure, table }) => ({ run, figure, table })), scale }
  })
}

const isOverlaid = (part: Part): part is Overlaid => (part.figure.kind === 'line' || part.figure.kind === 'scatter') && part.table !== null

const titleOf = (parts: readonly { figure: LabFigure }[]): string => [...new Set(parts.map(({ figure }) => figure.title))].join(' / ')

/** The column that distinguishes the curves of all runs; it has no label of its own, because its values are complete names. */
const CURVE = 'curve'

function overlay(parts: readonly Overlaid[]): { figure: Curves; table: LabTable; style: CurveStyle } {
  const { figure, table } = parts[0]!
  // Points are distinguished by run only, because each has a single colour.
  const by = figure.kind === 'line' ? figure.by : null
  const rows = parts.map((part) => ({ ...part, count: part.table.columns[0]!.values.length }))
  const nameOf = ({ run, table: own }: Overlaid, row: number): string =>
    by === null ? run : `${run}, ${labelOf(own, by)} ${textOf(valuesOf(own, by)[row])}`
  const shared = table.columns.filter(({ key }) => rows.every((part) => part.table.columns.some((column) => column.key === key)))
  const column = (key: string, label: string, values: Cell[]): LabTable['columns'][number] => ({ key, label, symbol: '', unit: '', values })
  const names = rows.flatMap((part) => Array.from({ length: part.count }, (_, row) => nameOf(part, row)))
  const merged: LabTable = {
    key: table.key,
    title: table.title,
    columns: [
      column(
        'run',
        'Run',
        rows.flatMap(({ run, count }) => Array.from({ length: count }, () => run)),
      ),
      ...(by === null ? [] : [column(CURVE, '', names)]),
      ...shared.map((each) => ({ ...each, values: rows.flatMap((part) => valuesOf(part.table, each.key)) })),
    ],
  }
  if (by === null) merged.columns[0] = { ...merged.columns[0]!, label: '' }
  const common = { title: titleOf(parts), by: by === null ? 'run' : CURVE }
  const drawn: Curves =
    figure.kind === 'line'
      ? { ...figure, ...common, marks: gathered(parts, (own) => (own.kind === 'line' ? own.marks : [])) }
      : { ...figure, ...common, regions: gathered(parts, (own) => (own.kind === 'scatter' ? own.regions : [])) }
  return {
    figure: drawn,
    table: merged,
    style: styleOf(
      rows.map((part) => curvesWithin(part, nameOf)),
      figure.kind === 'line' ? figure.y.length : 1,
    ),
  }
}

const curvesWithin = (
  part: Overlaid & { count: number },
  nameOf: (part: Overlaid, row: number) => string,
): { style: number; groups: number } => ({
  style: part.style,
  groups: new Set(Array.from({ length: part.count }, (_, row) => nameOf(part, row))).size,
})

/** Marks or regions: those shared by all results once, the others with the name of their run. */
function gathered<T extends { label: string }>(parts: readonly Overlaid[], of: (figure: Curves) => readonly T[]): T[] {
  const all = parts.map(({ run, figure }) => ({ run, own: of(figure) }))
  const written = (mark: T): string => JSON.stringify(mark)
  const everywhere = (mark: T): boolean => all.every(({ own }) => own.some((other) => written(other) === written(mark)))
  const [first] = all
  return [
    ...(first?.own.filter(everywhere) ?? []),
    ...all.flatMap(({ run, own }) => own.filter((mark) => !everywhere(mark)).map((mark) => ({ ...mark, label: `${mark.label} (${run})` }))),
  ]
}

/**
 * A curve has the colour of its run. A run with one curve also has its dash; several curves are distinguished by dashes.
 * @param runs the groups of each run, in the order in which `curvesOf` finds them
 * @param keys number of quantities for which each group has a curve
 */
function styleOf(runs: readonly { style: number; groups: number }[], keys: number): CurveStyle {
  const groups = runs.flatMap(({ style, groups: count }) => Array.from({ length: count }, (_, within) => ({ style, within, count })))
  return (i, dark) => {
    const group = groups[i % groups.length]
    if (!group) return lineStyle(i, dark)
    const { style, within, count } = group
    const own = lineStyle(style, dark)
    return count * keys === 1 ? own : { ...own, dash: lineStyle(Math.floor(i / groups.length) * count + within, dark).dash }
  }
}
