import { describeOptions } from '../contract/architecture-options.js'
import type { Dynamics } from './dynamics.js'

const registered = new Map<string, Dynamics>()
/** The user's own dynamics, which may change while the program runs. */
let own: ReadonlyMap<string, Dynamics> = new Map()

export const isDynamics = (value: unknown): value is Dynamics =>
  typeof value === 'object' && value !== null && 'substeps' in value && 'force' in value && 'id' in value

/** Adds an architecture. @throws Error when the id is taken or an option cannot be a configuration key */
export function registerDynamics(dynamics: Dynamics): void {
  if (registered.has(dynamics.id)) throw new Error(`there are two dynamics with the id '${dynamics.id}'`)
  describeOptions(dynamics.options ?? {})
  registered.set(dynamics.id, dynamics)
}

/** Replaces the architectures of the user's files. Their ids must differ from those of built-in ones: `isBuiltIn`. */
export function setOwnDynamics(all: readonly Dynamics[]): void {
  own = new Map(all.map((dynamics) => [dynamics.id, dynamics]))
}

// Every file in dynamics/ is registered automatically.
for (const module of Object.values(import.meta.glob<Record<string, unknown>>('./dynamics/*.ts', { eager: true })))
  for (const value of Object.values(module)) if (isDynamics(value)) registerDynamics(value)

export const isBuiltIn = (id: string): boolean => registered.has(id)

/** All registered architectures, sorted by id. */
export function allDynamics(): Dynamics[] {
  return [...registered.values(), ...own.values()].sort((a, b) => a.id.localeCompare(b.id))
}

export function findDynamics(id: string): Dynamics | undefined {
  return registered.get(id) ?? own.get(id)
}
