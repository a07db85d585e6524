import type { Dynamics } from './dynamics.js'

const registered = new Map<string, Dynamics>()

const isDynamics = (value: unknown): value is Dynamics =>
  typeof value === 'object' && value !== null && 'substeps' in value && 'force' in value && 'id' in value

/** Adds an architecture; a second one of the same id is refused. */
export function registerDynamics(dynamics: Dynamics): void {
  if (registered.has(dynamics.id)) throw new Error(`two dynamics are called '${dynamics.id}'`)
  registered.set(dynamics.id, dynamics)
}

// A file in dynamics/ is found by being there.
for (const module of Object.values(import.meta.glob<Record<string, unknown>>('./dynamics/*.ts', { eager: true })))
  for (const value of Object.values(module)) if (isDynamics(value)) registerDynamics(value)

/** Every registered architecture, in the order of their ids. */
export function allDynamics(): Dynamics[] {
  return [...registered.values()].sort((a, b) => a.id.localeCompare(b.id))
}

export function findDynamics(id: string): Dynamics | undefined {
  return registered.get(id)
}
