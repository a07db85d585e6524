import type { RunSummary } from '../../../src-main/contract/runs.js'

/** What a cell holds; null: nothing. NaN and infinities are values. */
export type Value = string | number | boolean | null

/** Decides how a column is filtered: `choice` has few different texts, `time` is in milliseconds since 1970. */
export type ColumnType = 'text' | 'number' | 'choice' | 'time'

export interface Column {
  /** `name`, `config.augment.pad`, `reported.test/accuracy` */
  key: string
  title: string
  /** The header of the column, if it is shorter than its title. */
  heading?: string
  /** What its values are, for people. */
  help?: string
  /** Where the choice of columns lists it. */
  section: string
  type: ColumnType
  /** Width in pixels; what is left over goes to the name. */
  width: number
  unit: string
  /** Factor between what is stored and what people read and type: 100 for percentages. */
  scale: number
  /** Whether a group shows its mean. */
  mean: boolean
  /** Whether a study shows the sum over its runs: else how far they reach. */
  total?: true
  /** Whether its values are of a data set, so that those of several have no mean. */
  ofData?: true
  /** How a cell looks where it is more than a text. */
  cell?: 'status' | 'name' | 'progress' | 'tags'
  value(run: RunSummary): Value
  show(value: Value): string
  /** What else is to be said of a run's value, where it is pointed at. */
  more?(run: RunSummary): string | undefined
  /** The texts that "one of" compares with, where a run has several. */
  terms?(run: RunSummary): readonly string[]
}

/** Pixels between which a width can be chosen. */
export const MIN_WIDTH = 56
export const MAX_WIDTH = 800

/** Columns of numbers are right-aligned. */
export const isNumeric = ({ type }: Column): boolean => type === 'number' || type === 'time'

/** What "one of" compares with, and what a group is known by. */
export const termOf = (value: Value): string => (value === null ? '' : String(value))

export const termsOf = (column: Column, run: RunSummary): readonly string[] => column.terms?.(run) ?? [termOf(column.value(run))]
