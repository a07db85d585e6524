import type { RunConfig } from '../../src-main/contract/config.js'
import { flatten, type Leaf } from '../../src-main/contract/flat-config.js'

export interface ConfigRow {
  path: string
  /** In the order of the configurations; undefined where one does not have it. */
  values: Leaf[]
}

/** The values in which configurations differ, and only those, in the order in which they stand. */
export function differences(configs: readonly RunConfig[]): ConfigRow[] {
  const flat = configs.map((config) => flatten(config))
  const paths = [...new Set(flat.flatMap((map) => [...map.keys()]))]
  return paths
    .map((path) => ({ path, values: flat.map((map) => map.get(path)) }))
    .filter(({ values }) => values.some((value) => !Object.is(value, values[0])))
}
