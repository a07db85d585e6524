import { constants, copyFileSync, existsSync, linkSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../contract/errors.js'
import { makeFolderBelowSync } from '../durable/folders.js'
import { explainDiskError } from './disk-errors.js'
import type { DatasetFiles } from '../features/datasets/dataset-files.js'
import type { RunFiles } from '../features/runs/run-files.js'

/** Initial weights of a fork are stored in its own folder, because the parent may be removed. */
const WEIGHTS = 'initial.safetensors'

/** Names of the files that make up a home, for creating, moving and backing up a home. */
export const databaseFile = (home: string): string => join(home, 'retrace.sqlite')

/** The paths within a home; nothing is created. */
export function homePaths(home: string) {
  const runFolder = (id: string): string => join(home, 'runs', id)
  const datasets = join(home, 'datasets')
  return {
    home,
    datasets,
    datasetFolder: (name: string) => join(datasets, name),
    checkpointFolder: (id: string) => join(runFolder(id), 'checkpoints'),
    logFolder: (id: string) => join(runFolder(id), 'log'),
    checkpointPath: (id: string, file: string) => join(runFolder(id), 'checkpoints', file),
    weightsPath: (id: string, file: string) => join(runFolder(id), file),
  }
}

/**
 * The files of a home: `runs/ID/{checkpoints,log}` and `datasets/NAME` next to the database.
 *
 * @param requireHome throws when the home is lost; called before anything is changed
 * @throws UserError DISK when the folders cannot be created
 */
export function openHomeFiles(
  home: string,
  requireHome: () => void = () => undefined,
): RunFiles & DatasetFiles & { datasetFolders(): string[] } {
  const guard = <T>(path: string, work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw explainDiskError(error, path)
    }
  }
  const change = (path: string, work: () => void): void => {
    requireHome()
    guard(path, work)
  }
  const make = (path: string): void => change(path, () => makeFolderBelowSync(home, path, 0o700))
  const runs = join(home, 'runs')
  const datasets = join(home, 'datasets')
  make(runs)
  make(datasets)

  const runFolder = (id: string): string => join(runs, id)
  const files = homePaths(home)
  const checkpoint = files.checkpointPath
  const copy = (source: string, id: string): string => {
    make(runFolder(id))
    const target = join(runFolder(id), WEIGHTS)
    change(target, () => {
      try {
        // Checkpoints are never modified in place, so that a hard link is as good as a copy.
        linkSync(source, target)
      } catch {
        // Not every file system supports hard links.
        copyFileSync(source, target, constants.COPYFILE_FICLONE)
      }
    })
    return WEIGHTS
  }
  return {
    ...files,
    datasetFolders: () =>
      guard(datasets, () => readdirSync(datasets, { withFileTypes: true }))
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map(({ name }) => name),
    prepareRun(id) {
      make(files.checkpointFolder(id))
      make(files.logFolder(id))
    },
    hasCheckpoint: (id, file) => existsSync(checkpoint(id, file)),
    removeCheckpoint: (id, file) => change(checkpoint(id, file), () => rmSync(checkpoint(id, file), { force: true })),
    setAsideCheckpoint: (id, file) =>
      change(checkpoint(id, file), () => {
        if (existsSync(checkpoint(id, file))) renameSync(checkpoint(id, file), `${checkpoint(id, file)}.damaged`)
      }),
    async readCheckpoint(id, file, from, count) {
      const path = checkpoint(id, file)
      const handle = await open(path).catch((error: unknown) => {
        throw explainDiskError(error, path)
      })
      try {
        const { buffer, bytesRead } = await handle.read(new Uint8Array(count), 0, count, from)
        return buffer.subarray(0, bytesRead)
      } catch (error) {
        throw explainDiskError(error, path)
      } finally {
        await handle.close()
      }
    },
    adoptCheckpoints(id, from) {
      make(files.checkpointFolder(id))
      make(files.logFolder(id))
      for (const { file, path } of from) guard(path, () => renameSync(path, checkpoint(id, file)))
    },
    adoptWeights: (from, file, id) => copy(checkpoint(from, file), id),
    copyWeights: (from, file, id) => copy(join(runFolder(from), file), id),
    importWeights(path, id) {
      if (!statSync(path, { throwIfNoEntry: false })?.isFile())
        throw new UserError('NOT_FOUND', `${path} does not exist. Give the path of a .safetensors file.`)
      make(runFolder(id))
      guard(path, () => copyFileSync(path, join(runFolder(id), WEIGHTS)))
      return WEIGHTS
    },
    async removeRun(id) {
      requireHome()
      await rm(runFolder(id), { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) => {
        throw explainDiskError(error, runFolder(id))
      })
    },
    async renameDataset(from, to) {
      requireHome()
      const [source, target] = [files.datasetFolder(from), files.datasetFolder(to)]
      if (!existsSync(source) && existsSync(target)) return
      await rename(source, target).catch((error: unknown) => {
        throw explainDiskError(error, source)
      })
    },
    async removeDataset(name) {
      requireHome()
      const folder = files.datasetFolder(name)
      await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) => {
        throw explainDiskError(error, folder)
      })
    },
  }
}
