import type { z } from 'zod'
import type { Dataset } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'
import type { Labels, LabelCache } from './label-cache.js'
import type { Part } from './layout.js'

/** A stored data set that is read in parts without being loaded. */
export interface StoredSet {
  folder: string
  dataset: Dataset
  labels(part: 'train' | 'test'): Promise<Labels>
}

/** A part of a stored data set as shown by pages. Adding one means adding a file to `views/` and a line to the procedures of data sets. */
export interface View<Schema extends z.ZodType<{ name: string }>, Output> {
  /** The request, with the name of the data set. */
  input: Schema
  read(set: StoredSet, wanted: z.output<Schema>): Promise<Output>
}

export const defineView = <Schema extends z.ZodType<{ name: string }>, Output>(view: View<Schema, Output>): View<Schema, Output> => view

/** A data set for views. @param cache shared by all of them, because turning pages must not read labels again */
export const storedSet = (folder: string, dataset: Dataset, cache: LabelCache): StoredSet => ({
  folder,
  dataset,
  labels: (part) => cache.read(folder, dataset, part),
})

/** @throws UserError BAD_INPUT for points */
export function requireImages({ kind, name }: Dataset): void {
  if (kind !== 'images') throw new UserError('BAD_INPUT', `${name} contains points, not images. Request its points.`)
}

/** @throws UserError BAD_INPUT for an index out of range */
export function requirePlace({ name, counts }: Dataset, part: Part, index: number): void {
  if (index >= counts[part])
    throw new UserError('BAD_INPUT', `The ${part} part of ${name} has ${counts[part]} images, so there is no image ${index}.`)
}
