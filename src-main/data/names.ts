import { DatasetNameSchema } from '../contract/dataset-name.js'

/** Folders of uploads have random names. */
const BY_CHANCE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Converts the name of a folder or file to a valid data set name; `otherwise` if nothing is left of it. */
export function datasetNameFrom(text: string, otherwise: string): string {
  if (BY_CHANCE.test(text)) return otherwise
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
  return DatasetNameSchema.safeParse(name).success && name !== 'mnist' ? name : otherwise
}
