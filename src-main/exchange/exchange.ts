import { mkdir, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { replaceFile } from '../durable/replace-file.js'
import { UserError } from '../contract/errors.js'
import { archiveKind } from '../data/archive.js'
import { explainFileError, withTemporaryFolder } from '../data/disk.js'
import { readEventFiles, writeEventFile, type EventSeries } from './event-file.js'
import { foreignRun } from './foreign-run.js'
import { isMlflowRun, readMlflowRun } from './mlflow-run.js'
import { readRunArchive, writeRunArchive } from './run-archive.js'
import { eventFiles, findRuns } from './run-places.js'
import { readWandbRun, wandbFile } from './wandb-run.js'
import type { IncomingRun, OutgoingRun, RunExchange } from '../features/runs/run-exchange.js'

/** The exchange formats of runs. */
export function createExchange(home: string): RunExchange {
  return {
    async write({ format, path, overwrite }, run) {
      try {
        await mkdir(dirname(path), { recursive: true })
        // Written under another name until it is complete, so that an existing file stays usable.
        await replaceFile(
          path,
          async (unfinished) => {
            if (format === 'archive') await writeRunArchive(unfinished, run)
            else await writeEventFile(unfinished, everySeries(run))
          },
          { overwrite },
        )
      } catch (error) {
        throw explainFileError(error, path)
      }
    },
    find: async (path) => {
      try {
        return await findRuns(path)
      } catch (error) {
        throw explainFileError(error, path)
      }
    },
    read: (path, signal, use) =>
      withTemporaryFolder(home, async (staging) => {
        try {
          const isFolder = (await stat(path)).isDirectory()
          const wandb = await wandbFile(path, isFolder)
          if (wandb) return await use(await readWandbRun(wandb))
          if (isFolder && (await isMlflowRun(path))) return await use(await readMlflowRun(path))
          const files = isFolder ? await eventFiles(path) : null
          if (files) return await use(eventRun(path, await readEventFiles(files)))
          const kind = await archiveKind(path)
          if (kind === 'zip')
            throw new UserError(
              'BAD_INPUT',
              `${basename(path)} is a zip archive, but an exported run is a .tar.gz. Export it with \`runs export --format archive\`.`,
            )
          return await use(kind ? await readRunArchive(path, kind, staging, signal) : eventRun(path, await readEventFiles([path])))
        } catch (error) {
          throw explainFileError(error, path)
        }
      }),
  }
}

function* everySeries({ series, points }: OutgoingRun): Generator<{ key: string; points: ReturnType<OutgoingRun['points']> }> {
  for (const { key, count } of series) yield { key, points: points(key, 0, count) }
}

/** The run in event files: scalars, and the hyperparameters for TensorBoard's table. */
function eventRun(path: string, { series, config, assumptions }: EventSeries): IncomingRun {
  return foreignRun({
    tracker: 'TensorBoard',
    tag: 'tensorboard',
    name: basename(path),
    status: 'finished',
    reason: null,
    startedAt: null,
    endedAt: null,
    config,
    project: null,
    tags: [],
    notes: '',
    series,
    assumptions,
  })
}
