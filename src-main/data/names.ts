import { DatasetNameSchema } from '../contract/dataset-name.js'

/** Folders of uploads are named by chance. */
const BY_CHANCE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The name of a folder or file made into one that a data set can have; `otherwise` where nothing is left of it. */
export function datasetNameFrom(text: string, otherwise: string): string {
  if (BY_CHANCE.test(text)) return otherwise
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
  return DatasetNameSchema.safeParse(name).success && name !== 'mnist' ? name : otherwise
}
