import type { ConfusionCell } from '../../../src-main/contract/evaluations.js'

export interface ClassFigures {
  label: number
  name: string
  /** Images of this class. */
  images: number
  right: number
  /** Fraction of them that was recognised; NaN where there is none. */
  accuracy: number
  /** Fraction of what was taken for this class that is of it; NaN where nothing was. */
  precision: number
  /** The class that most of the others were taken for. */
  mostly: { name: string; count: number } | null
}

/** A count of the matrix with its share of the row. */
export interface MatrixCell {
  count: number
  share: number
}

/** The name of a class; its number where the data set is gone. */
export const classNamer =
  (names: readonly string[]) =>
  (label: number): string =>
    names[label] ?? String(label)

/** How many classes a matrix has: those of the data set, and never fewer than it speaks of. */
export const classCount = (cells: readonly ConfusionCell[], names: readonly string[]): number =>
  cells.reduce((most, [label, predicted]) => Math.max(most, label + 1, predicted + 1), names.length)

/** The matrix in full, [true][predicted]. */
export function denseMatrix(cells: readonly ConfusionCell[], classes: number): MatrixCell[][] {
  const rows = Array.from({ length: classes }, () => Array.from({ length: classes }, (): MatrixCell => ({ count: 0, share: 0 })))
  for (const [label, predicted, count] of cells) rows[label]![predicted]!.count = count
  for (const row of rows) {
    const total = row.reduce((sum, { count }) => sum + count, 0)
    for (const cell of row) cell.share = total === 0 ? 0 : cell.count / total
  }
  return rows
}

/** The largest share of a row beside the diagonal: errors are few, and would not be seen on a scale that reaches to 1. */
export const largestError = (rows: readonly (readonly MatrixCell[])[]): number =>
  rows.reduce((most, row, label) => row.reduce((max, { share }, predicted) => (predicted === label ? max : Math.max(max, share)), most), 0)

/** What can be said of each class, in the order of the labels. */
export function figuresByClass(cells: readonly ConfusionCell[], names: readonly string[]): ClassFigures[] {
  const named = classNamer(names)
  const rows = Array.from({ length: classCount(cells, names) }, (_, label) => ({ label, images: 0, right: 0, taken: 0, worst: [0, 0] }))
  for (const [label, predicted, count] of cells) {
    const row = rows[label]!
    row.images += count
    rows[predicted]!.taken += count
    if (label === predicted) row.right = count
    else if (count > row.worst[1]!) row.worst = [predicted, count]
  }
  return rows.map(({ label, images, right, taken, worst: [other, count] }) => ({
    label,
    name: named(label),
    images,
    right,
    accuracy: right / images,
    precision: right / taken,
    mostly: count ? { name: named(other!), count } : null,
  }))
}

/** Pairs of classes that are confused, the most frequent first. */
export const confusedPairs = (cells: readonly ConfusionCell[]): ConfusionCell[] =>
  cells.filter(([label, predicted]) => label !== predicted).sort((a, b) => b[2] - a[2])
