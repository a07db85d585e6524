import { hasConfiguration } from '../../src-main/contract/runs.js'
import { flatten, type Leaf } from '../../src-main/contract/flat-config.js'

export interface ConfigRow {
  path: string
  /** In the order of the configurations; undefined if one lacks the key. */
  values: Leaf[]
}

/** A configuration of Retrace, or what another program logged as one. */
export interface Configured {
  preset: string
  config: object
}

/**
 * The keys in which configurations differ, and only those, in the order of the configuration. A run logged by another program has none of
 * Retrace's keys, which does not count as a difference.
 */
export function differences(runs: readonly Configured[]): ConfigRow[] {
  const flat = runs.map(({ config }) => flatten(config))
  const own = runs.map(hasConfiguration)
  const paths = [...new Set(flat.flatMap((map) => [...map.keys()]))]
  return paths
    .map((path) => ({ path, values: flat.map((map) => map.get(path)) }))
    .filter(({ values }) => {
      const isOwn = values.some((value, i) => own[i] && value !== undefined)
      const said = isOwn ? values.filter((value, i) => own[i] || value !== undefined) : values
      return said.some((value) => !Object.is(value, said[0]))
    })
}
