import { createHash } from 'node:crypto'
import { isReservedKey } from '../contract/reserved-key.js'

/** Maximum length of a name that is kept unchanged: that of a series key. */
export const LONGEST_NAME = 200

/** The name of an external metric as a key; a name that is too long ends with a hash of the whole, so that it stays distinct. */
export const seriesKey = (name: string): string =>
  isReservedKey(name)
    ? `tag ${name}`
    : name.length <= LONGEST_NAME
      ? name
      : `${name.slice(0, LONGEST_NAME - 10)}…${createHash('sha256').update(name).digest('hex').slice(0, 8)}`

/** Up to ten names, and the number of others. */
export const listed = (names: readonly string[]): string =>
  names.slice(0, 10).join(', ') + (names.length > 10 ? ` and ${names.length - 10} more` : '')
