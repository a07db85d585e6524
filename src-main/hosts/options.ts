import { UserError } from '../contract/errors.js'

/** @throws UserError BAD_INPUT for an invalid port */
export function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535))
    throw new UserError('BAD_INPUT', `${JSON.stringify(text)} is not a valid port. Give a number from 0 to 65535; 0 selects any free port.`)
  return port
}
