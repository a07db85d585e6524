import { apartFromSeed } from '../../src-main/contract/flat-config.js'

export interface RunInfo {
  id: string
  name: string
  preset: string
  dataset: string
  seed: number
  /** The configuration of Retrace, or that logged by another program; null if it is unknown. */
  config: object | null
}

/** Whether two lists contain the same runs with the same data. */
export const sameRuns = (a: readonly RunInfo[], b: readonly RunInfo[]): boolean =>
  a.length === b.length && a.every((run, i) => (Object.keys(run) as (keyof RunInfo)[]).every((key) => run[key] === b[i]?.[key]))

export interface RunGroup {
  /** The id of its first run. */
  id: string
  label: string
  runs: RunInfo[]
}

/** The name without the part that only distinguishes repetitions. */
const withoutSeed = (name: string): string => name.replace(/[,\s·-]*\bseed\s*\d+\b/i, '').trim()

/**
 * The lines of a comparison: each run by itself, or runs that differ only in the seed as one line. A run whose configuration has not
 * loaded yet is a line of its own.
 */
export function groupsOf(runs: readonly RunInfo[], kind: 'none' | 'seeds'): RunGroup[] {
  if (kind === 'none') return distinct(runs.map((run) => ({ id: run.id, label: run.name, runs: [run] })))
  const groups = new Map<string, RunGroup>()
  for (const run of runs) {
    const key = run.config ? apartFromSeed(run.config) : run.id
    const group = groups.get(key)
    if (group) group.runs.push(run)
    else groups.set(key, { id: run.id, label: withoutSeed(run.name) || run.preset, runs: [run] })
  }
  return distinct([...groups.values()].map((group) => (group.runs.length === 1 ? { ...group, label: group.runs[0]!.name } : group)))
}

/** Adds ids to the names of lines with the same name. */
function distinct(groups: RunGroup[]): RunGroup[] {
  const counts = new Map<string, number>()
  for (const { label } of groups) counts.set(label, (counts.get(label) ?? 0) + 1)
  return groups.map((group) => ((counts.get(group.label) ?? 0) > 1 ? { ...group, label: `${group.label} (${group.id})` } : group))
}
