import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readProgress } from './checkpoint.js'
import { metadataIsSound } from './content-hash.js'
import type { HostLink } from './link.js'
import type { Recorder } from './recorder.js'
import type { LeftBehind } from '../features/runs/control/trainers.js'

const FILE = /^step-(\d+)-lease-(\d+)\.safetensors$/
const LARGEST_HEADER = 64 * 2 ** 20

/** JSON has no NaN and infinities; the trainer writes them as text. */
const NumberSchema = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]).transform(Number)
const NumbersSchema = z.array(NumberSchema).transform((values) => Float64Array.from(values))
const PointsSchema = z.record(z.string(), z.object({ steps: NumbersSchema, values: NumbersSchema, times: NumbersSchema }))
const MetadataSchema = z.object({ weightsHash: z.string(), points: z.string() }).catchall(z.string())

/**
 * Metadata of a last checkpoint, with the points that the host has not committed. If the host has died, is ended together with this
 * trainer, or has lost its home, it may have committed all of them but does not know about the file; metadata without points state that it
 * does.
 */
export async function pointsToKeep(
  recorder: Pick<Recorder, 'unacknowledged'>,
  link: Pick<HostLink, 'wanted' | 'moved'>,
): Promise<Record<string, string>> {
  const points = await recorder.unacknowledged()
  const alone = link.wanted === 'hostLost' || link.wanted === 'terminated' || link.moved !== null
  return alone || Object.keys(points).length > 0 ? { points: packPoints(points) } : {}
}

/** Points for the metadata of a checkpoint. */
export const packPoints = (points: Record<string, { steps: number[]; values: number[]; times: number[] }>): string =>
  JSON.stringify(points, (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value))

/**
 * The checkpoint that a trainer wrote after losing its host, which therefore nobody knows about, with the points that the host may not have
 * received; null if there is none that can be read.
 * @param folder the run's checkpoint folder
 * @param lease the lease of the trainer
 */
export function findLeftBehind(folder: string, lease: number): LeftBehind | null {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  // Names start with the step, zero-padded, so that the last name is the latest.
  const own = names.filter((name) => Number(FILE.exec(name)?.[2]) === lease).sort()
  const file = own.at(-1)
  return file === undefined ? null : read(folder, file)
}

function read(folder: string, file: string): LeftBehind | null {
  const handle = openSync(join(folder, file), 'r')
  try {
    const { size, mtimeMs } = fstatSync(handle)
    const prefix = Buffer.alloc(8)
    if (readSync(handle, prefix, 0, 8, 0) < 8) return null
    const length = Number(prefix.readBigUInt64LE())
    if (length > LARGEST_HEADER || 8 + length > size) return null
    const header = Buffer.alloc(length)
    readSync(handle, header, 0, length, 8)
    const metadata = MetadataSchema.safeParse((parse(header.toString('utf8')) as { __metadata__?: unknown } | null)?.__metadata__)
    // A file without points was written while the host was present and had committed everything: the host has listed it.
    if (!metadata.success || !metadataIsSound(metadata.data)) return null
    const { weightsHash, contentHash } = metadata.data
    const points = PointsSchema.safeParse(parse(metadata.data.points))
    const step = stepOf(metadata.data)
    if (step === null || !points.success) return null
    const series = Object.entries(points.data).map(([key, packed]) => ({ key, ...packed }))
    return {
      file,
      step,
      bytes: size,
      createdAt: Math.round(mtimeMs),
      weightsHash,
      ...(contentHash !== undefined && { contentHash }),
      series,
    }
  } finally {
    closeSync(handle)
  }
}

function stepOf(metadata: Readonly<Record<string, string>>): number | null {
  try {
    return readProgress(metadata).step
  } catch {
    // Treated like invalid JSON, see below.
    return null
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A damaged file is treated as missing: the run continues from the previous checkpoint.
    return null
  }
}
