import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { parseBounded } from '../../src-main/contract/bounded-json.js'
import { RunOverridesSchema, type RunConfig, type RunOverrides } from '../../src-main/contract/config.js'

const BOUNDS = { depth: 8, containers: 1000 }

/** Changes to a preset, given as JSON in an address; none if they are invalid. */
export function readOverrides(text: LocationQuery[string] | undefined): RunOverrides {
  if (typeof text !== 'string') return {}
  try {
    return RunOverridesSchema.parse(parseBounded(text, BOUNDS)) as RunOverrides
  } catch {
    // Addresses can be written by hand, and a link must never break the page.
    return {}
  }
}

export const writeOverrides = (overrides: RunOverrides): string | undefined =>
  Object.keys(overrides).length === 0 ? undefined : JSON.stringify(overrides)

/** The origin of a configuration: a preset (null if it no longer exists) on a data set, with changes. */
export interface Origin {
  preset: string | null
  dataset: string
  overrides: RunOverrides
}

/** The address of the new-run form with these values. */
export const newRunAddress = ({ preset, dataset, overrides }: Origin): { path: string; query: LocationQueryRaw } => ({
  path: '/new',
  query: { ...(preset === null ? {} : { preset }), dataset, overrides: writeOverrides(overrides) },
})

/** The address of a search around a configuration; the keys that it varies are chosen on that page. */
export function sweepAddress(
  { preset, dataset, overrides }: Origin,
  { steps, seed, validation }: Pick<RunConfig, 'steps' | 'seed' | 'validation'>,
): { path: string; query: LocationQueryRaw } {
  // These have options of their own.
  const base = Object.fromEntries(Object.entries(overrides).filter(([key]) => !['steps', 'seed', 'validation'].includes(key)))
  return {
    path: '/studies/new/search',
    query: {
      ...(preset === null ? {} : { preset }),
      dataset,
      base: writeOverrides(base as RunOverrides),
      steps: String(steps),
      seeds: String(seed),
      ...(validation > 0 ? { validation: String(validation) } : {}),
      keys: '',
    },
  }
}
