import { z } from 'zod'
import { UserError } from '../../contract/errors.js'
import { describeChanged, type OwnFile } from '../../contract/own-dynamics.js'
import { findDynamics, setOwnDynamics } from '../../numeric/registry.js'
import { OWN_DYNAMICS, readKept } from './kept.js'
import { loadOwnDynamics } from './load.js'

/** Registers the user's dynamics in this process, if its host has passed any. @throws UserError when one cannot be read */
export function registerOwnDynamics(env: NodeJS.ProcessEnv = process.env): void {
  const paths = z.array(z.string()).parse(JSON.parse(env[OWN_DYNAMICS] ?? '[]'))
  setOwnDynamics(paths.map((path) => loadOwnDynamics(readKept(path))))
}

/**
 * Ensures that an architecture is defined by the same text as when its run was created.
 * @param made null if the architecture was built in
 * @throws UserError CONFLICT that says what to do
 */
export function requireSameText(arch: string, made: OwnFile | null): void {
  const now = findDynamics(arch)?.own ?? null
  if (made?.hash === now?.hash) return
  throw new UserError(
    'CONFLICT',
    made
      ? describeChanged(made, now?.hash ?? null)
      : `The architecture ${arch} was built in when this run was made, and now is that of dynamics/${now!.file} in the home. Rename that one.`,
  )
}
