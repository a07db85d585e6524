import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { toBase64 } from '../contract/base64.js'
import { HistogramsSchema, keptHistograms, numbersOf } from '../contract/histograms.js'
import { KEPT_REGIONS, RegionsSchema } from '../contract/regions.js'
import type { IncomingRun, OutgoingRun } from '../features/runs/run-exchange.js'

const Sha256Schema = z.string().regex(/^[0-9a-f]{64}$/)

/** Steps of a run ascend without duplicates. */
const ascending = (steps: readonly { step: number }[]): boolean => steps.every(({ step }, at) => at === 0 || step > steps[at - 1]!.step)

/** The entry of regions in `run.json`: their bytes are in one file, one step after another, with its SHA-256. Null if there are none. */
export const ArchivedRegionsSchema = z
  .strictObject({
    steps: z.array(RegionsSchema.omit({ runId: true, predicted: true })).min(1).max(KEPT_REGIONS).refine(ascending), // prettier-ignore
    sha256: Sha256Schema,
  })
  .nullable()

/** The same for histograms. */
export const ArchivedHistogramsSchema = z
  .strictObject({
    steps: z.array(HistogramsSchema.omit({ runId: true, values: true })).min(1).max(keptHistograms(0)).refine(ascending), // prettier-ignore
    sha256: Sha256Schema,
  })
  .nullable()

type ArchivedRegions = z.infer<typeof ArchivedRegionsSchema>
type ArchivedHistograms = z.infer<typeof ArchivedHistogramsSchema>

/** A file of an archive. */
interface Part {
  name: string
  bytes: Buffer
}

/** One byte for each lattice point. */
const REGIONS = 'regions.u8'
/** Little-endian float32, in the order of `contract/histograms.ts`. */
const HISTOGRAMS = 'histograms.f32'

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The manifest entries for the regions and histograms of a run, and the corresponding files. */
export function listSteps({ regions, histograms }: Pick<OutgoingRun, 'regions' | 'histograms'>): {
  regions: ArchivedRegions
  histograms: ArchivedHistograms
  parts: Part[]
} {
  const bytesOf = (texts: readonly string[]): Buffer => Buffer.concat(texts.map((text) => Buffer.from(text, 'base64')))
  const parts = [
    { name: REGIONS, bytes: bytesOf(regions.map(({ predicted }) => predicted)) },
    { name: HISTOGRAMS, bytes: bytesOf(histograms.map(({ values }) => values)) },
  ]
  const [ofRegions, ofHistograms] = parts.map(({ bytes }) => hash(bytes)) as [string, string]
  return {
    regions: regions.length === 0 ? null : { steps: regions.map(({ step, size, extent }) => ({ step, size, extent })), sha256: ofRegions },
    histograms:
      histograms.length === 0
        ? null
        : { steps: histograms.map(({ step, bins, parts: of }) => ({ step, bins, parts: of })), sha256: ofHistograms },
    parts: parts.filter(({ bytes }) => bytes.length > 0),
  }
}

/**
 * Reads the regions and histograms listed in a manifest. Their content is not trusted.
 * @throws Error that names the invalid file
 */
export async function readSteps(
  folder: string,
  { regions, histograms }: { regions: ArchivedRegions; histograms: ArchivedHistograms },
): Promise<Pick<IncomingRun, 'regions' | 'histograms'>> {
  const ofRegions = await divided(join(folder, REGIONS), regions, ({ size }) => size * size)
  const ofHistograms = await divided(join(folder, HISTOGRAMS), histograms, (each) => Float32Array.BYTES_PER_ELEMENT * numbersOf(each))
  return {
    regions: ofRegions.map(([step, predicted]) => ({ ...step, predicted })),
    histograms: ofHistograms.map(([step, values]) => ({ ...step, values })),
  }
}

/** Each listed step with its section of a file in base64. */
async function divided<Step>(
  path: string,
  listed: { steps: Step[]; sha256: string } | null,
  bytesOf: (step: Step) => number,
): Promise<[Step, string][]> {
  if (!listed) return []
  const name = basename(path)
  const sizes = listed.steps.map(bytesOf)
  const found = await stat(path).catch(() => null)
  // The size is checked first, so that no file is read that is larger than declared.
  if (!found?.isFile() || found.size !== sizes.reduce((sum, size) => sum + size, 0)) throw new Error(`lacks ${name}, or parts of it`)
  const bytes = await readFile(path)
  if (hash(bytes) !== listed.sha256) throw new Error(`has a damaged ${name}`)
  let from = 0
  return listed.steps.map((step, at) => [step, toBase64(bytes.subarray(from, (from += sizes[at]!)))])
}
