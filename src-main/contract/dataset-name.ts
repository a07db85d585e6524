import { z } from 'zod'
import './input-messages.js'

/** Name of a data set wherever one is read, including from untrusted files. It names a folder, so it must not contain a path. */
export const DatasetNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must consist of lower-case letters, digits, . _ and - (at most 64)')
