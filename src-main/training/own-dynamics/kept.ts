import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { UserError } from '../../contract/errors.js'
import { OwnSourceSchema, type OwnSource } from '../../contract/own-dynamics.js'

/**
 * The environment variable with which a host passes the user's dynamics to its processes: a JSON list of paths of stored texts, all of
 * which have passed the check.
 */
export const OWN_DYNAMICS = 'RETRACE_OWN_DYNAMICS'

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A text as stored by the host, with its metadata. @throws UserError when it cannot be read or does not match its hash */
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
