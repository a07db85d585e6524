import type { RunSummary } from '../../../src-main/contract/runs.js'

/** The content of a cell; null: empty. NaN and infinities are values. */
export type Value = string | number | boolean | null

/** Determines how a column is filtered: `choice` has few distinct texts, `time` is in milliseconds since 1970. */
export type ColumnType = 'text' | 'number' | 'choice' | 'time'

export interface Column {
  /** `name`, `config.augment.pad`, `reported.test/accuracy` */
  key: string
  title: string
  /** The header of the column, if it is shorter than its title. */
  heading?: string
  /** Describes the values. */
  help?: string
  /** The section in the list of columns. */
  section: string
  type: ColumnType
  /** Width in pixels; the remaining width goes to the name. */
  width: number
  unit: string
  /** Factor between stored and displayed or typed values: 100 for percentages. */
  scale: number
  /** Whether a group shows its mean. */
  mean: boolean
  /** Whether a study shows the sum over its runs; otherwise it shows their range. */
  total?: true
  /** Whether its values depend on the data set, so that those of several data sets have no mean. */
  ofData?: true
  /** How a cell is rendered if it is more than a text. */
  cell?: 'status' | 'name' | 'progress' | 'tags'
  value(run: RunSummary): Value
  show(value: Value): string
  /** Additional information on a run's value, for its tooltip. */
  more?(run: RunSummary): string | undefined
  /** The texts that "one of" compares with, if a run has several. */
  terms?(run: RunSummary): readonly string[]
}

/** Minimum and maximum width that can be set, in pixels. */
export const MIN_WIDTH = 56
export const MAX_WIDTH = 800

/** Columns of numbers are right-aligned. */
export const isNumeric = ({ type }: Column): boolean => type === 'number' || type === 'time'

/** The text that "one of" compares with, and that identifies a group. */
export const termOf = (value: Value): string => (value === null ? '' : String(value))

export const termsOf = (column: Column, run: RunSummary): readonly string[] => column.terms?.(run) ?? [termOf(column.value(run))]
