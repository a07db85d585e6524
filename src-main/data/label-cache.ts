import type { Dataset } from '../contract/datasets.js'
import { readLabels } from './stored.js'

/** Number of data sets whose labels are kept in memory. */
const KEPT = 4

export interface Labels {
  labels: Uint16Array
  /** Indices of each class, computed on demand. */
  byClass: Map<number, Uint32Array>
}

/** Labels of the most recently viewed data sets. */
export class LabelCache {
  private readonly known = new Map<string, Promise<Labels>>()

  /** @throws UserError DISK naming the file that is missing or damaged */
  read(folder: string, dataset: Dataset, part: 'train' | 'test'): Promise<Labels> {
    const key = `${dataset.hash}/${part}`
    const known = this.known.get(key)
    if (known) return known
    if (this.known.size >= 2 * KEPT) this.known.delete(this.known.keys().next().value!)
    const reading = readLabels(folder, dataset, part).then((labels) => ({ labels, byClass: new Map<number, Uint32Array>() }))
    this.known.set(key, reading)
    reading.catch(() => this.known.delete(key))
    return reading
  }
}

/** Indices of the items of one class, in order. */
export function placesOf({ labels, byClass }: Labels, label: number): Uint32Array {
  const known = byClass.get(label)
  if (known) return known
  const places: number[] = []
  labels.forEach((each, i) => each === label && places.push(i))
  const made = Uint32Array.from(places)
  byClass.set(label, made)
  return made
}

/** The number of items in each class, by label. */
export function countOf(labels: Uint16Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0)
  for (const label of labels) counts[label]!++
  return counts
}
