import { UserError } from '../contract/errors.js'
import type { WorkOf } from '../contract/studies.js'
import type { Computation } from './computation.js'

const registered = new Map<string, Computation>()

const isComputation = (value: unknown): value is Computation =>
  typeof value === 'object' && value !== null && 'compute' in value && 'revision' in value

// Every file in computations/ is registered automatically.
for (const [path, module] of Object.entries(import.meta.glob<Record<string, unknown>>('./computations/*.ts', { eager: true })))
  for (const value of Object.values(module)) {
    if (!isComputation(value)) continue
    if (path !== `./computations/${value.id}.ts`) throw new Error(`the computation ${value.id} is in ${path}`)
    registered.set(value.id, value)
  }

/**
 * Computes a cell, and blocks the thread until it is done.
 * @throws UserError NOT_FOUND when there is no such computation, CONFLICT when its revision differs, BAD_INPUT when options are invalid
 */
export function compute(
  { computation: id, revision, options }: WorkOf<'computation'>,
  progress: (fraction: number) => void,
): Record<string, unknown> {
  const computation = registered.get(id)
  const anew = 'Start the study again to create its cells anew.'
  if (!computation) throw new UserError('NOT_FOUND', `This version of Retrace has no computation ${id}. ${anew}`)
  if (computation.revision !== revision)
    throw new UserError(
      'CONFLICT',
      `This cell is of revision ${revision} of the computation ${id}, and this version of Retrace has revision ${computation.revision}. ${anew}`,
    )
  return computation.compute(computation.read(options), progress)
}
