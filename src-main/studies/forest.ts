import { permutation, randomFor, type Random } from '../numeric/random.js'

/**
 * A regression forest with what permutation importance needs: trees on bootstrap samples, each with its out-of-bag rows. Implemented here,
 * because packages such as ml-random-forest do not store the out-of-bag rows. Source: Breiman 2001, "Random forests".
 */
interface Node {
  value: number
  split: { feature: number; threshold: number; low: Node; high: Node } | null
}

type Rows = readonly (readonly number[])[]

/** One column of values per feature, because nodes are scanned by column. */
type Columns = readonly Float64Array[]

/**
 * A tree that is split until its leaves are pure, at the midpoints between adjacent values, by the sum of squares (CART, as in
 * scikit-learn).
 * @param orders for each feature the rows of the node in ascending order: sorted once for all trees, and only partitioned here
 */
function grow(columns: Columns, y: Float64Array, orders: readonly Int32Array[], random: Random): Node {
  const [rows] = orders as [Int32Array]
  const count = rows.length
  let [total, pure] = [0, true]
  for (let i = 0; i < count; i++) {
    total += y[rows[i]!]!
    pure &&= y[rows[i]!] === y[rows[0]!]
  }
  const leaf: Node = { value: total / count, split: null }
  if (pure) return leaf
  let best: { gain: number; feature: number; threshold: number } | null = null
  // Of equally good splits the first in a random order wins, so that no feature is preferred for its position.
  const first = random.integer(0, columns.length - 1)
  for (let k = 0; k < columns.length; k++) {
    const feature = (first + k) % columns.length
    const [values, order] = [columns[feature]!, orders[feature]!]
    let below = 0
    for (let i = 1; i < count; i++) {
      below += y[order[i - 1]!]!
      const [left, right] = [values[order[i - 1]!]!, values[order[i]!]!]
      if (left === right) continue
      // The decrease of the sum of squares, up to a constant.
      const gain = below ** 2 / i + (total - below) ** 2 / (count - i)
      const middle = (left + right) / 2
      // The mean of two adjacent floating-point numbers may round to the upper one, which must stay above the threshold.
      if (!best || gain > best.gain) best = { gain, feature, threshold: middle < right ? middle : left }
    }
  }
  if (!best) return leaf
  const { feature, threshold } = best
  const values = columns[feature]!
  const side = (low: boolean): Node =>
    grow(
      columns,
      y,
      orders.map((order) => order.filter((row) => values[row]! <= threshold === low)),
      random,
    )
  return { ...leaf, split: { feature, threshold, low: side(true), high: side(false) } }
}

function predict(node: Node, read: (feature: number) => number): number {
  let at = node
  while (at.split) at = read(at.split.feature) <= at.split.threshold ? at.split.low : at.split.high
  return at.value
}

/**
 * The increase of the squared error on out-of-bag rows when a feature is permuted among them, averaged over all trees and divided by the
 * variance of y: 0 means that the feature does not help to predict.
 * @param x one row of features for each value
 * @param seed seed of bootstrap samples and permutations
 */
export function outOfBagImportance(
  x: Rows,
  y: readonly number[],
  { trees, seed }: { trees: number; seed: number },
  progress: (fraction: number) => void = () => undefined,
): number[] {
  const features = x[0]!.length
  const values = Float64Array.from(y)
  const columns = Array.from({ length: features }, (_, feature) => Float64Array.from(x, (row) => row[feature]!))
  const all = Int32Array.from(y, (_, row) => row)
  const sorted = columns.map((column) => Int32Array.from(all).sort((a, b) => column[a]! - column[b]!))
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  const sums = new Array<number>(features).fill(0)
  let counted = 0
  for (let tree = 0; tree < trees; tree++) {
    progress(tree / trees)
    const random = randomFor(seed, 'importance/tree', tree)
    const times = new Uint32Array(values.length)
    for (let i = 0; i < values.length; i++) times[random.integer(0, values.length - 1)]!++
    const unseen = all.filter((row) => times[row] === 0)
    if (unseen.length < 2) continue
    counted++
    // Each row as often as it was drawn, still in order.
    const orders = sorted.map((order) => Int32Array.from([...order].flatMap((row) => new Array<number>(times[row]!).fill(row))))
    const root = grow(columns, values, orders, random)
    const error = (valueOf: (at: number, feature: number) => number): number =>
      unseen.reduce((sum, row, at) => sum + (predict(root, (feature) => valueOf(at, feature)) - values[row]!) ** 2, 0) / unseen.length
    const before = error((at, feature) => columns[feature]![unseen[at]!]!)
    for (let permuted = 0; permuted < features; permuted++) {
      const order = permutation(random, unseen.length)
      const after = error((at, feature) => columns[feature]![unseen[feature === permuted ? order[at]! : at]!]!)
      sums[permuted] = sums[permuted]! + after - before
    }
  }
  return sums.map((sum) => sum / counted / variance)
}

export interface PermutationImportance {
  importance: number
  /** Ends of a 95% interval. */
  low: number
  high: number
}

/** Number of random halves from which the interval is estimated. */
const HALVES = 20

/**
 * Importance with intervals by the delete-d jackknife with d = n / 2 (Ishwaran and Lu 2019, "Standard errors and confidence intervals for
 * variable importance in random forest regression"): the spread over random halves, which for half of the runs estimates the standard error
 * without rescaling.
 */
export function importanceWithIntervals(
  x: Rows,
  y: readonly number[],
  { trees, seed }: { trees: number; seed: number },
  progress: (fraction: number) => void = () => undefined,
): PermutationImportance[] {
  // The forests of the halves have a quarter of the trees and half of the rows.
  const parts = 1 + HALVES / 8
  const whole = outOfBagImportance(x, y, { trees, seed }, (fraction) => progress(fraction / parts))
  const halves = Array.from({ length: HALVES }, (_, at) => {
    progress((1 + at / 8) / parts)
    const random = randomFor(seed, 'importance/half', at)
    const rows = [...permutation(random, y.length)].slice(0, Math.floor(y.length / 2))
    return outOfBagImportance(
      rows.map((row) => x[row]!),
      rows.map((row) => y[row]!),
      { trees: Math.ceil(trees / 4), seed: seed + at + 1 },
    )
  })
  return whole.map((importance, feature) => {
    const of = halves.map((half) => half[feature]!).filter(Number.isFinite)
    const mean = of.reduce((sum, value) => sum + value, 0) / of.length
    const kept = Math.floor(y.length / 2)
    const factor = kept / (y.length - kept)
    const error = Math.sqrt((factor * of.reduce((sum, value) => sum + (value - mean) ** 2, 0)) / of.length)
    return { importance, low: importance - 1.96 * error, high: importance + 1.96 * error }
  })
}
