import { ROUNDING, subsetSize } from '../contract/epoch.js'
import { permutation, randomFor } from '../numeric/random.js'

interface Ranked {
  index: number
  /** Position in the random order of its class, from 0. */
  rank: number
}

/**
 * All items in an order in which every class is evenly distributed: a prefix contains each class in proportion to within (1 + classes *
 * share) / 2 items, which is one item for classes of equal size. The order within a class depends on the seed and the class.
 */
export function stratifiedOrder(labels: ArrayLike<number>, seed: number): Ranked[] {
  const classes = new Map<number, number[]>()
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!
    const known = classes.get(label)
    if (known) known.push(i)
    else classes.set(label, [i])
  }
  const ranked: (Ranked & { place: number; label: number })[] = []
  for (const [label, members] of classes)
    permutation(randomFor(seed, 'split', label), members.length).forEach((at, rank) =>
      ranked.push({ index: members[at]!, rank, place: (rank + 0.5) / members.length, label }),
    )
  return ranked.sort((a, b) => a.place - b.place || a.label - b.label)
}

export interface Split {
  /** Indices of the images to train on, ascending. */
  train: Uint32Array
  /** Indices of the validation images, ascending; none of them is in `train`. */
  validation: Uint32Array
}

/**
 * The training images that a run uses, determined by labels, fractions and seed.
 *
 * The subset is a prefix of one order in which every class is evenly distributed, so that it is stratified, and a smaller subset is
 * contained in a larger one with the same seed. The validation part is taken from the subset: in each class, every 1/validation-th image of
 * its random order. It is therefore stratified too, and both training and validation parts of nested subsets are nested.
 * @param subset fraction of all training images, 0 < subset <= 1
 * @param validation fraction of the subset, 0 <= validation < 1
 */
export function splitTraining(
  labels: ArrayLike<number>,
  { seed, subset, validation }: { seed: number; subset: number; validation: number },
): Split {
  const wanted = stratifiedOrder(labels, seed).slice(0, subsetSize(labels.length, subset))
  const kept = wanted.filter(({ rank }) => isValidation(rank, validation))
  const rest = wanted.filter(({ rank }) => !isValidation(rank, validation))
  const indices = (of: Ranked[]): Uint32Array => Uint32Array.from(of, ({ index }) => index).sort()
  return { train: indices(rest), validation: indices(kept) }
}

const isValidation = (rank: number, fraction: number): boolean =>
  Math.floor((rank + 1) * fraction + ROUNDING) > Math.floor(rank * fraction + ROUNDING)
