import { readFile, stat } from 'node:fs/promises'
import { join, win32 } from 'node:path'
import { z } from 'zod'
import { parseBounded } from '../contract/bounded-json.js'
import { LabResultSchema, type LabResult } from '../contract/lab.js'
import type { TravellingResult } from '../features/runs/run-exchange.js'

/** Maximum size in bytes: a table of a million numbers or a thousand images is far smaller. */
const MOST_BYTES = 64 * 2 ** 20
const BOUNDS = { depth: 32, containers: 2_000_000 }

/** What `run.json` says of the lab's results, oldest first; each result is a file of its own. */
export const ArchivedLabSchema = z
  .array(
    z.strictObject({
      /** File name of the checkpoint, which may not be in the archive. */
      file: z.string().regex(/^[A-Za-z0-9._-]{1,120}$/),
      step: z.int().min(0),
      at: z.number(),
      part: z.string().regex(/^lab\/\d{1,6}\.json$/),
    }),
  )
  .max(10_000)
export type ArchivedLab = z.infer<typeof ArchivedLabSchema>

/** The list of results in the manifest of an archive. */
export const listLab = (lab: readonly TravellingResult[]): ArchivedLab =>
  lab.map(({ file, step, at }, i) => ({ file, step, at, part: `lab/${i}.json` }))

/** A result for others: options that are paths of this machine are reduced to their last component, which shows what was used. */
export const withoutPaths = ({ options, ...result }: LabResult): LabResult => ({
  ...result,
  options: Object.fromEntries(
    Object.entries(options).map(([key, value]) =>
      // `win32` recognises the paths of every system.
      typeof value === 'string' && win32.isAbsolute(value) ? [key, win32.basename(value)] : [key, value],
    ),
  ),
})

/**
 * Reads the results listed in a manifest. Their content is not trusted.
 * @throws Error that names the invalid part
 */
export async function readLabParts(folder: string, listed: ArchivedLab): Promise<TravellingResult[]> {
  const results: TravellingResult[] = []
  for (const { part, ...entry } of listed) {
    const path = join(folder, part)
    const found = await stat(path).catch(() => null)
    if (!found?.isFile()) throw new Error(`lacks ${part}`)
    if (found.size > MOST_BYTES) throw new Error(`has a ${part} that is too large`)
    const parsed = LabResultSchema.safeParse(parse(await readFile(path, 'utf8')))
    if (!parsed.success) throw new Error(`has an invalid ${part}`, { cause: parsed.error })
    results.push({ ...entry, result: parsed.data })
  }
  return results
}

function parse(text: string): unknown {
  try {
    return parseBounded(text, BOUNDS)
  } catch {
    // Undefined is rejected like an invalid result.
    return undefined
  }
}
