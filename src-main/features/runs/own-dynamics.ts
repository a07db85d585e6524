import { UserError } from '../../contract/errors.js'
import { describeChanged, type OwnDynamicsFolder, type OwnFile } from '../../contract/own-dynamics.js'
import type { RunStore } from './run-store.js'

/** The dynamics files of the user in the home's folder `dynamics`. */
export interface OwnDynamics {
  /** Looks into the folder, and has what is new or changed checked before it is registered. */
  refresh(): Promise<void>
  /** The file of a registered architecture; null for built-in ones and those that are not there. */
  of(arch: string): OwnFile | null
  /** Why an architecture may not be there, as a clause that names every refused file; null where none was refused. */
  missing(arch: string): string | null
  /** Hash of the text of that name that lies in the folder now; null where there is none. */
  hashNow(file: string): string | null
  /**
   * What became of every file.
   * @param again checks those that were refused once more
   */
  list(options: { again: boolean }): Promise<OwnDynamicsFolder>
}

/**
 * Makes sure that what a run's weights mean has not changed since it was made.
 * @throws UserError CONFLICT when the user's file that its architecture was read from has changed or is gone
 */
export function requireSameDynamics({ runs, ownDynamics }: { runs: RunStore; ownDynamics?: OwnDynamics | undefined }, id: string): void {
  const made = runs.record(id)?.environment.dynamics
  if (!made) return
  const now = ownDynamics?.hashNow(made.file) ?? null
  if (now !== made.hash) throw new UserError('CONFLICT', describeChanged(made, now))
}
