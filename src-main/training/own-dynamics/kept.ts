import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { UserError } from '../../contract/errors.js'
import { OwnSourceSchema, type OwnSource } from '../../contract/own-dynamics.js'

/** The variable by which a host tells its processes of the user's dynamics: a JSON list of paths of kept texts, all of which passed the check. */
export const OWN_DYNAMICS = 'RETRACE_OWN_DYNAMICS'

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A text as the host has kept it, beside what it knows of it. @throws UserError when it cannot be read or is not what its hash says */
export function readKept(path: string): OwnSource {
  let source: OwnSource
  try {
    source = OwnSourceSchema.strip().parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new UserError('DISK', `The kept text of a dynamics file, ${path}, cannot be read. Delete it and start again.`, { cause })
  }
  if (hashOf(source.text) === source.hash) return source
  throw new UserError('DISK', `The kept text of a dynamics file, ${path}, is damaged. Delete it and start again.`)
}
