import { mkdir, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { replaceFile } from '../durable/replace-file.js'
import { UserError } from '../contract/errors.js'
import { elsewhereRun } from '../contract/elsewhere-run.js'
import { NO_PRESET, type RunDetail } from '../contract/runs.js'
import { archiveKind } from '../data/archive.js'
import { explainFileError, withTemporaryFolder } from '../data/disk.js'
import { readEventFiles, writeEventFile, type EventSeries } from './event-file.js'
import { readRunArchive, writeRunArchive } from './run-archive.js'
import type { IncomingRun, OutgoingRun, RunExchange } from '../features/runs/run-exchange.js'

/** The exchange formats of runs. */
export function createExchange(home: string): RunExchange {
  return {
    async write({ format, path, overwrite }, run) {
      try {
        await mkdir(dirname(path), { recursive: true })
        // Under another name until it is whole: what is there under the name itself can be used.
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
    read: (path, signal, use) =>
      withTemporaryFolder(home, async (staging) => {
        try {
          const files = await eventFiles(path)
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

/**
 * The event files of a log directory, in the order in which they were begun; null where the path is no directory. TensorBoard shows each
 * folder that holds some as a run of its own.
 * @throws UserError BAD_INPUT where there are none, or several runs
 */
async function eventFiles(path: string): Promise<string[] | null> {
  if (!(await stat(path)).isDirectory()) return null
  const byFolder = new Map<string, string[]>()
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.includes('tfevents')) continue
    byFolder.set(entry.parentPath, [...(byFolder.get(entry.parentPath) ?? []), join(entry.parentPath, entry.name)])
  }
  const [first, ...others] = [...byFolder.keys()].sort()
  if (first === undefined)
    throw new UserError('BAD_INPUT', `${path} contains no event files (events.out.tfevents…). Give a log directory or an event file.`)
  if (others.length)
    throw new UserError(
      'BAD_INPUT',
      `${path} contains ${byFolder.size} runs. Give the folder of one of them, such as ${first} or ${others[0]}.`,
    )
  return byFolder.get(first)!.sort()
}

/** Times that go on where a clock was set back, in place; answers how often it was. */
function goOn(times: Float64Array): number {
  let [offset, steps] = [0, 0]
  for (let at = 1; at < times.length; at++) {
    const before = times[at - 1] as number
    if ((times[at] as number) + offset < before) {
      offset = before - (times[at] as number)
      steps++
    }
    times[at] = (times[at] as number) + offset
  }
  return steps
}

/** A run around scalars that came without a configuration. */
function eventRun(path: string, { series, assumptions }: EventSeries): IncomingRun {
  const name = basename(path)
  const back = series.filter(({ points }) => goOn(points.times) > 0).map(({ key }) => key)
  if (back.length)
    assumptions = [
      ...assumptions,
      `The clock was set back during the run: the times of ${back.slice(0, 10).join(', ')} continue from the previous one.`,
    ]
  const steps = series.reduce((most, { points }) => Math.max(most, points.steps.at(-1) ?? 0), 0)
  const times = series.flatMap(({ points }) => [points.times[0] ?? Infinity, points.times.at(-1) ?? -Infinity])
  const startedAt = Math.min(...times)
  const endedAt = Math.max(...times)
  const notes = [
    `Imported from TensorBoard: ${name}. Its configuration is unknown.`,
    ...assumptions.map((assumption) => `- ${assumption}`),
  ].join('\n')
  const run = {
    id: 'imported',
    name,
    preset: NO_PRESET,
    status: 'finished' as const,
    startedAt,
    endedAt,
    step: steps,
    totalSteps: Math.max(1, steps),
    tags: ['tensorboard'],
    notes,
  }
  const detail: RunDetail = { ...elsewhereRun(run), note: notes.split('\n')[0]! }
  return {
    detail,
    log: [],
    evaluations: [],
    lab: [],
    regions: [],
    histograms: [],
    checkpoints: [],
    series: series.map(({ key, points }) => ({ key, read: async () => points })),
  }
}
