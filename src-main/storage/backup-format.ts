import { z } from 'zod'

/** The first and the last entry of a backup: its header, and the hashes of all files in between. */
export const HEAD = 'retrace-backup.json'
export const TAIL = 'checksums.json'
export const FORMAT = 'retrace-backup-1'

export const HeadSchema = z.strictObject({
  format: z.literal(FORMAT),
  createdAt: z.number(),
  /** Number of files between the two. */
  files: z.int().min(1),
  bytes: z.int().min(0),
})
export type Head = z.infer<typeof HeadSchema>

export const TailSchema = z.strictObject({ sha256: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)) })

/** Maximum size of the first and the last entry in bytes: hashes of several hundred thousand files. */
export const META_LIMIT = 64 * 2 ** 20

/** Without it, a file is not a backup of a home. */
export const DATABASE = 'retrace.sqlite'

const CONTENT = [
  /^retrace\.sqlite$/,
  /^runs\/[a-z0-9]{4,32}\/(?:(?:checkpoints|log)\/)?[A-Za-z0-9][\w.-]{0,200}$/,
  /^datasets\/[a-z0-9][a-z0-9._-]{0,63}\/(?:[A-Za-z0-9][\w.-]{0,200}\/){0,4}[A-Za-z0-9][\w.-]{0,200}$/,
]

/** Whether a file with this path belongs in a home: nothing else is packed or unpacked. */
export const belongsToHome = (path: string): boolean => CONTENT.some((pattern) => pattern.test(path))
