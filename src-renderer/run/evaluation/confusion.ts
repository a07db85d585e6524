import type { ConfusionCell } from '../../../src-main/contract/evaluations.js'

export interface ClassFigures {
  label: number
  name: string
  /** Number of images of this class. */
  images: number
  right: number
  /** Recall: the fraction of them classified correctly; NaN if there are none. */
  accuracy: number
  /** Precision: the fraction of the images predicted as this class that belong to it; NaN if there are none. */
  precision: number
  /** The most frequent wrong prediction. */
  mostly: { name: string; count: number } | null
}

/** A count of the matrix with its fraction of the row. */
export interface MatrixCell {
  count: number
  share: number
}

/** The name of a class; its number if the data set is missing. */
export const classNamer =
  (names: readonly string[]) =>
  (label: number): string =>
    names[label] ?? String(label)

/** The number of classes of a matrix: those of the data set, but at least those that occur in it. */
export const classCount = (cells: readonly ConfusionCell[], names: readonly string[]): number =>
  cells.reduce((most, [label, predicted]) => Math.max(most, label + 1, predicted + 1), names.length)

/** The dense matrix, [true][predicted]. */
export function denseMatrix(cells: readonly ConfusionCell[], classes: number): MatrixCell[][] {
  const rows = Array.from({ length: classes }, () => Array.from({ length: classes }, (): MatrixCell => ({ count: 0, share: 0 })))
  for (const [label, predicted, count] of cells) rows[label]![predicted]!.count = count
  for (const row of rows) {
    const total = row.reduce((sum, { count }) => sum + count, 0)
    for (const cell of row) cell.share = total === 0 ? 0 : cell.count / total
  }
  return rows
}

/** The largest off-diagonal fraction of a row: errors are rare, and would be invisible on a scale up to 1. */
export const largestError = (rows: readonly (readonly MatrixCell[])[]): number =>
  rows.reduce((most, row, label) => row.reduce((max, { share }, predicted) => (predicted === label ? max : Math.max(max, share)), most), 0)

/** Metrics of each class, in the order of the labels. */
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

/** Pairs of confused classes, most frequent first. */
export const confusedPairs = (cells: readonly ConfusionCell[]): ConfusionCell[] =>
  cells.filter(([label, predicted]) => label !== predicted).sort((a, b) => b[2] - a[2])
