import type { Dataset } from './datasets.js'

/** Version of the content hash of data sets. Hashes are prefixed with it, as in `2:` and 64 digits; those of version 1 have no prefix. */
export const CONTENT_VERSION = 2

export const contentVersionOf = (hash: string): number => Number(/^(\d+):/.exec(hash)?.[1] ?? 1)

/** Whether a hash recorded by this or an earlier version matches the content of a data set. */
export const sameContent = ({ hash, earlierHashes = [] }: Pick<Dataset, 'hash' | 'earlierHashes'>, recorded: string): boolean =>
  hash === recorded || earlierHashes.includes(recorded)
