import { mkdir, rename, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Dataset, ImportDataset, MakeDataset, PointKind } from '../contract/datasets.js'
import { makeFolderBelow } from '../durable/folders.js'
import { syncFolder } from '../durable/replace-file.js'
import { UserError } from '../contract/errors.js'
import { archiveKind, noArchive, unpackTar } from './archive.js'
import { explainFileError, freeBytes, requireSpace, withTemporaryFolder } from './disk.js'
import { describeNames, noEntryNames, type EntryNames } from './entry-names.js'
import { pointBytes, writePoints } from './points.js'
import { recognise, wantedFormats } from './recognise.js'
import { builtins, problems } from './registry.js'
import { readDataset } from './stored.js'
import { DatasetWriter, type About } from './writer.js'
import { unpackZip } from './zip.js'

export interface ImportOptions {
  /** Contains one folder per data set; the new data set appears there completely or not at all. */
  into: string
  /** 0..1, or null when unknown. */
  onProgress(progress: number | null, message: string): void
  signal: AbortSignal
  /** Free bytes on the disk of a folder; by default as reported by the system. */
  free?: typeof freeBytes
}

/** Fraction of the progress for unpacking an archive. */
const UNPACKING = 0.4

/**
 * Reads a folder or an archive (.zip, .tar, .tar.gz) and stores it as `into/NAME`.
 * @throws UserError NOT_FOUND, BAD_INPUT (unknown format, damaged or hostile files), CONFLICT (name taken), DISK; the signal's reason when
 *   cancelled. In all of these cases nothing is left behind.
 */
export async function importDataset(request: ImportDataset, options: ImportOptions): Promise<Dataset> {
  const path = resolve(request.path)
  const wanted = wantedFormats(request)
  if (request.name !== undefined) await requireFree(options.into, request.name)
  return staged(options, path, async (temporary) => {
    // A file of arrays is a special kind of zip, which its format reads itself.
    const isFolder = (await stat(path)).isDirectory() || /\.npz$/i.test(path)
    const names = noEntryNames()
    const root = isFolder ? path : await unpack(path, temporary, names, options)
    const before = isFolder ? 0 : UNPACKING
    const { format, found, folder, unread, assumptions } = await recognise(root, path, wanted, request)
    const name = request.name ?? found.name
    await requireFree(options.into, name)
    await requireSpace(temporary, found.bytes, options.free ?? freeBytes)
    const report: ImportOptions['onProgress'] = (done, message) =>
      options.onProgress(done === null ? null : before + (1 - before) * done, message)
    return {
      about: { name, format: format.id, source: request.source ?? path, mirrored: format.mirrored },
      write: async (sink) => {
        for (const assumption of [...describeNames(names), ...assumptions]) sink.assume(assumption)
        for (const name of unread) sink.skip(name, `not part of ${format.label} in ${folder}`)
        await found.read(sink, options.signal)
      },
      report,
    }
  })
}

/** Names of the built-in data sets. */
export const builtinNames = (): string[] => builtins.map(({ name }) => name)

/**
 * The stored data set of that name; a missing one is made first.
 * @throws UserError NOT_FOUND when it is not built in, DISK
 */
export async function ensureBuiltin(name: string, options: ImportOptions): Promise<Dataset> {
  const builtin = builtins.find((candidate) => candidate.name === name)
  if (!builtin) throw new UserError('NOT_FOUND', `There is no built-in data set ${name}. Choose one of ${builtinNames().join(', ')}.`)
  const folder = join(options.into, name)
  if (await exists(folder)) return readDataset(folder)
  return staged(options, folder, async (temporary) => {
    await requireSpace(temporary, builtin.bytes, options.free ?? freeBytes)
    return {
      about: { name, format: builtin.format, source: builtin.source, mirrored: builtin.mirrored },
      write: (sink) => builtin.make(sink, options.signal),
      report: options.onProgress,
    }
  })
}

/** The kinds of points that can be generated from a seed. */
export const pointKinds = (): PointKind[] =>
  problems.map(({ kind, source, classNames, trainPerClass, noise }) => ({
    kind,
    source,
    classes: classNames.length,
    points: trainPerClass * classNames.length,
    noise,
  }))

/**
 * Generates a data set of points from a seed and stores it as `into/NAME`.
 * @throws UserError BAD_INPUT for an unknown kind or too few points, CONFLICT when the name is taken, DISK
 */
export async function makeDataset({ name, kind, seed, points, noise }: MakeDataset, options: ImportOptions): Promise<Dataset> {
  const problem = problems.find((known) => known.kind === kind || known.kind === `two-${kind}`)
  if (!problem) {
    const known = problems.map((each) => each.kind).join(', ')
    throw new UserError('BAD_INPUT', `There is no kind of points ${kind}. Choose one of ${known}.`)
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
  about: About
  write(sink: DatasetWriter): Promise<void>
  report: ImportOptions['onProgress']
}

/** Writes a data set into a temporary folder and renames it into place when it is complete and synced. */
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
        report(1, 'writing to disk')
        const dataset = await writer.finish(about)
        signal.throwIfAborted()
        await place(folder, join(into, about.name))
        return dataset
      } finally {
        await writer.abandon()
      }
    })
  } catch (error) {
    // However the abort surfaced (a destroyed stream, an AbortError), it is reported as such.
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
  new UserError('CONFLICT', `A data set ${name} already exists. Remove it first, or choose another name.`)

async function requireFree(into: string, name: string): Promise<void> {
  if (await exists(join(into, name))) throw taken(name)
}

/** An archive's name without its extensions, as a default name for the data set. */
const archiveStem = (file: string): string => basename(file).replace(/(\.tar)?\.(gz|tgz|tar|zip)$/i, '') || 'archive'

async function unpack(file: string, temporary: string, names: EntryNames, { signal, onProgress, free }: ImportOptions): Promise<string> {
  const kind = await archiveKind(file)
  if (!kind) throw await noArchive(file)
  const into = join(temporary, 'unpacked', archiveStem(file))
  await makeFolderBelow(temporary, into)
  const name = basename(file)
  const rest = { signal, names, onProgress: (done: number) => onProgress(UNPACKING * done, `unpacking ${name}`), ...(free ? { free } : {}) }
  if (kind === 'zip') await unpackZip(file, into, rest)
  else await unpackTar(file, into, { kind, ...rest })
  return into
}
