import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { parseBounded } from '../../src-main/contract/bounded-json.js'
import { RunOverridesSchema, type RunOverrides } from '../../src-main/contract/config.js'

const BOUNDS = { depth: 8, containers: 1000 }

/** Changes to a preset that an address has as JSON; none where it says something else. */
export function readOverrides(text: LocationQuery[string] | undefined): RunOverrides {
  if (typeof text !== 'string') return {}
  try {
    return RunOverridesSchema.parse(parseBounded(text, BOUNDS)) as RunOverrides
  } catch {
    // An address that somebody wrote: a link never breaks the page.
    return {}
  }
}

export const writeOverrides = (overrides: RunOverrides): string | undefined =>
  Object.keys(overrides).length === 0 ? undefined : JSON.stringify(overrides)

/** The address of the form of a new run with these values. */
export const newRunAddress = (
  preset: string | null,
  dataset: string,
  overrides: RunOverrides,
): { path: string; query: LocationQueryRaw } => ({
  path: '/new',
  query: { ...(preset === null ? {} : { preset }), dataset, overrides: writeOverrides(overrides) },
})
