import { mkdir, rename, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import {
  ImageOptionsSchema,
  type Dataset,
  type ImageOptions,
  type ImportDataset,
  type MakeDataset,
  type PointKind,
} from '../contract/datasets.js'
import { syncFolder } from '../durable/replace-file.js'
import { UserError } from '../contract/errors.js'
import { archiveKind, unpackTar } from './archive.js'
import { explainFileError, freeBytes, requireSpace, withTemporaryFolder } from './disk.js'
import type { DatasetFormat, Found } from './format.js'
import { pointBytes, writePoints } from './points.js'
import { builtins, formats, problems } from './registry.js'
import { SourceFolder } from './source-folder.js'
import { readDataset } from './stored.js'
import { DatasetWriter } from './writer.js'
import { unpackZip } from './zip.js'

export interface ImportOptions {
  /** Holds a folder a data set; the data set appears there whole or not at all. */
  into: string
  /** 0..1, or null when unknown. */
  onProgress(progress: number | null, message: string): void
  signal: AbortSignal
  /** Bytes that are left on the disk of a folder; by default what the system says. */
  free?: typeof freeBytes
}

/** Part of the progress that unpacking an archive takes. */
const UNPACKING = 0.4

/**
 * Reads a folder or an archive (.zip, .tar, .tar.gz) and stores it as `into/NAME`.
 * @throws UserError NOT_FOUND, BAD_INPUT (unknown format, damaged or hostile files), CONFLICT (name taken), DISK; the
 * signal's reason when cancelled. Nothing is left behind then.
 */
export async function importDataset(request: ImportDataset, options: ImportOptions): Promise<Dataset> {
  const path = resolve(request.path)
  const wanted = wantedFormats(request)
  if (request.name !== undefined) await requireFree(options.into, request.name)
  return staged(options, path, async (temporary) => {
    // A single file of arrays is a zip of its own kind, which its format reads by itself.
    const isFolder = (await stat(path)).isDirectory() || /\.npz$/i.test(path)
    const root = isFolder ? path : await unpack(path, join(temporary, 'unpacked', archiveStem(path)), options)
    const before = isFolder ? 0 : UNPACKING
    const { format, found } = await recognise(root, path, wanted, request.images ?? ImageOptionsSchema.parse({}))
    const name = request.name ?? found.name
    await requireFree(options.into, name)
    await requireSpace(temporary, found.bytes, options.free ?? freeBytes)
    const report: ImportOptions['onProgress'] = (done, message) =>
      options.onProgress(done === null ? null : before + (1 - before) * done, message)
    return {
      about: { name, format: format.id, source: request.source ?? path },
      write: (sink) => found.read(sink, options.signal),
      report,
    }
  })
}

function wantedFormats({ format }: ImportDataset): readonly DatasetFormat[] {
  const wanted = format === undefined ? formats : formats.filter(({ id }) => id === format)
  if (wanted.length) return wanted
  const known = formats.map(({ id }) => id).join(', ')
  throw new UserError('BAD_INPUT', `There is no format ${format}: choose one of ${known}, or leave it out.`)
}

/**
 * What a folder or a file of arrays holds.
 * @throws UserError BAD_INPUT when that cannot be read
 */
export const recogniseSource = (path: string, request: ImportDataset): Promise<{ format: DatasetFormat; found: Found }> =>
  recognise(path, path, wantedFormats(request), request.images ?? ImageOptionsSchema.parse({}))

/** Names of the data sets that need no import. */
export const builtinNames = (): string[] => builtins.map(({ name }) => name)

/**
 * The stored data set of that name; it is made first where it is not there.
 * @throws UserError NOT_FOUND when it is none of Retrace's own, DISK
 */
export async function ensureBuiltin(name: string, options: ImportOptions): Promise<Dataset> {
  const builtin = builtins.find((candidate) => candidate.name === name)
  if (!builtin) throw new UserError('NOT_FOUND', `${name} is none of the built-in data sets: ${builtinNames().join(', ')}.`)
  const folder = join(options.into, name)
  if (await exists(folder)) return readDataset(folder)
  return staged(options, folder, async (temporary) => {
    await requireSpace(temporary, builtin.bytes, options.free ?? freeBytes)
    return {
      about: { name, format: builtin.format, source: builtin.source },
      write: (sink) => builtin.make(sink, options.signal),
      report: options.onProgress,
    }
  })
}

/** The kinds of points that can be drawn by a seed. */
export const pointKinds = (): PointKind[] =>
  problems.map(({ kind, source, classNames, trainPerClass, noise }) => ({
    kind,
    source,
    classes: classNames.length,
    points: trainPerClass * classNames.length,
    noise,
  }))

/**
 * Draws a data set of points by a seed and stores it as `into/NAME`.
 * @throws UserError BAD_INPUT for an unknown kind or too few points, CONFLICT when the name is taken, DISK
 */
export async function makeDataset({ name, kind, seed, points, noise }: MakeDataset, options: ImportOptions): Promise<Dataset> {
  const problem = problems.find((known) => known.kind === kind || known.kind === `two-${kind}`)
  if (!problem) {
    const known = problems.map((each) => each.kind).join(', ')
    throw new UserError('BAD_INPUT', `There are no points of the kind ${kind}: choose one of ${known}.`)
  }
  await requireFree(options.into, name)
  const trainPerClass = points === undefined ? problem.trainPerClass : Math.round(points / problem.classNames.length)
  const choice = {
    seed,
    noise: noise ?? problem.noise,
    trainPerClass,
    testPerClass: points === undefined ? problem.testPerClass : Math.round(trainPerClass / 2),
  }
  return staged(options, join(options.into, name), async (temporary) => {
    await requireSpace(temporary, pointBytes(problem, trainPerClass + choice.testPerClass), options.free ?? freeBytes)
    return {
      about: { name, format: 'generated', source: `${problem.kind}: ${problem.source}; seed ${seed}, noise ${choice.noise}` },
      write: (sink) => writePoints(problem, choice, sink, options.signal),
      report: options.onProgress,
    }
  })
}

interface Staging {
  about: Pick<Dataset, 'name' | 'format' | 'source'>
  write(sink: DatasetWriter): Promise<void>
  report: ImportOptions['onProgress']
}

/** Writes a data set in a temporary folder and renames it into place when it is whole and on the disk. */
async function staged(options: ImportOptions, path: string, prepare: (temporary: string) => Promise<Staging>): Promise<Dataset> {
  const { into, signal } = options
  try {
    signal.throwIfAborted()
    return await withTemporaryFolder(into, async (temporary) => {
      const { about, write, report } = await prepare(temporary)
      const folder = join(temporary, about.name)
      await mkdir(folder)
      const writer = new DatasetWriter(folder, report, signal)
      try {
        await write(writer)
        report(1, 'writing to the disk')
        const dataset = await writer.finish(about)
        signal.throwIfAborted()
        await place(folder, join(into, about.name))
        return dataset
      } finally {
        await writer.abandon()
      }
    })
  } catch (error) {
    // However the abort showed (a destroyed stream, an AbortError), it is told as what it is.
    signal.throwIfAborted()
    throw explainFileError(error, path)
  }
}

async function place(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (await exists(to)) throw taken(basename(to))
    throw error
  }
  await syncFolder(dirname(to))
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

const taken = (name: string): UserError =>
  new UserError('CONFLICT', `There is a data set ${name} already: remove it first, or give this one another name.`)

async function requireFree(into: string, name: string): Promise<void> {
  if (await exists(join(into, name))) throw taken(name)
}

/** An archive's name without its endings, after which the data set may be called. */
const archiveStem = (file: string): string => basename(file).replace(/(\.tar)?\.(gz|tgz|tar|zip)$/i, '') || 'archive'

async function unpack(file: string, into: string, { signal, onProgress, free }: ImportOptions): Promise<string> {
  const kind = await archiveKind(file)
  if (!kind)
    throw new UserError(
      'BAD_INPUT',
      `${file} is no .tar, .tar.gz or .zip archive that can be read: unpack it, and give the folder with its files.`,
    )
  await mkdir(into, { recursive: true })
  const name = basename(file)
  const rest = { signal, onProgress: (done: number) => onProgress(UNPACKING * done, `unpacking ${name}`), ...(free ? { free } : {}) }
  if (kind === 'zip') await unpackZip(file, into, rest)
  else await unpackTar(file, into, { kind, ...rest })
  return into
}

async function recognise(
  root: string,
  path: string,
  wanted: readonly DatasetFormat[],
  images: ImageOptions,
): Promise<{ format: DatasetFormat; found: Found }> {
  const folders = await SourceFolder.candidates(root)
  for (const formats of [wanted.filter(({ lastResort }) => !lastResort), wanted.filter(({ lastResort }) => lastResort)])
    for (const folder of folders)
      for (const format of formats) {
        const found = await format.find(folder, images)
        if (found) return { format, found }
      }
  const expected = wanted.map(({ label, files }) => `${label}: ${files}`).join('; ')
  throw new UserError('BAD_INPUT', `${path} holds no data set that can be read. These files are looked for: ${expected}.`)
}
