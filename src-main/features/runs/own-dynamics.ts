import { UserError } from '../../contract/errors.js'
import { describeChanged, type OwnDynamicsFolder, type OwnFile } from '../../contract/own-dynamics.js'
import type { RunStore } from './run-store.js'

/** The user's dynamics files in the folder `dynamics` of the home. */
export interface OwnDynamics {
  /** Scans the folder, and has new and changed files checked before they are registered. */
  refresh(): Promise<void>
  /** The file of a registered architecture; null for built-in and unknown ones. */
  of(arch: string): OwnFile | null
  /** Why an architecture may be missing, as a clause that names every rejected file; null if none was rejected. */
  missing(arch: string): string | null
  /** Hash of the current text of the file with this name; null if there is none. */
  hashNow(file: string): string | null
  /**
   * The status of every file.
   * @param again rechecks rejected files
   */
  list(options: { again: boolean }): Promise<OwnDynamicsFolder>
}

/**
 * Ensures that the meaning of a run's weights has not changed since the run was created.
 * @throws UserError CONFLICT if the user's file that defines its architecture has been changed or deleted
 */
export function requireSameDynamics({ runs, ownDynamics }: { runs: RunStore; ownDynamics?: OwnDynamics | undefined }, id: string): void {
  const made = runs.record(id)?.environment.dynamics
  if (!made) return
  const now = ownDynamics?.hashNow(made.file) ?? null
  if (now !== made.hash) throw new UserError('CONFLICT', describeChanged(made, now))
}
