import { createHash } from 'node:crypto'
import { isReservedKey } from '../contract/reserved-key.js'

/** The longest name that is kept as it is: that of a key of a series. */
export const LONGEST_NAME = 200

/** The name of a metric elsewhere as a key; one that is too long ends with a hash of the whole, so that it stays apart from others. */
export const seriesKey = (name: string): string =>
  isReservedKey(name)
    ? `tag ${name}`
    : name.length <= LONGEST_NAME
      ? name
      : `${name.slice(0, LONGEST_NAME - 10)}…${createHash('sha256').update(name).digest('hex').slice(0, 8)}`

/** Up to ten names, and how many more there are. */
export const listed = (names: readonly string[]): string =>
  names.slice(0, 10).join(', ') + (names.length > 10 ? ` and ${names.length - 10} more` : '')
