import { mkdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { replaceFile } from '../durable/replace-file.js'
import { UserError } from '../contract/errors.js'
import { RunConfigSchema } from '../contract/config.js'
import { NO_PRESET, type RunDetail } from '../contract/runs.js'
import { archiveKind } from '../data/archive.js'
import { explainFileError, withTemporaryFolder } from '../data/disk.js'
import type { IncomingRun, OutgoingRun, RunExchange } from '../experiments/ports.js'
import { readEventFile, writeEventFile } from './event-file.js'
import { readRunArchive, writeRunArchive } from './run-archive.js'

/** What runs travel in. */
export function createExchange(home: string): RunExchange {
  return {
    async write(format, path, run) {
      try {
        await mkdir(dirname(path), { recursive: true })
        // Under another name until it is whole: what is there under the name itself can be used.
        await replaceFile(
          path,
          async (unfinished) => {
            if (format === 'archive') await writeRunArchive(unfinished, run)
            else await writeEventFile(unfinished, everySeries(run))
          },
          { temporary: `${path}.unfinished-${process.pid}` },
        )
      } catch (error) {
        throw explainFileError(error, path)
      }
    },
    read: (path, signal, use) =>
      withTemporaryFolder(home, async (staging) => {
        try {
          const kind = await archiveKind(path)
          if (kind === 'zip')
            throw new UserError(
              'BAD_INPUT',
              `${basename(path)} is a zip archive: an exported run is a .tar.gz, as \`runs export --format archive\` writes it.`,
            )
          return await use(kind ? await readRunArchive(path, kind, staging, signal) : eventRun(path, await readEventFile(path)))
        } catch (error) {
          throw explainFileError(error, path)
        }
      }),
  }
}

function* everySeries({ series, points }: OutgoingRun): Generator<{ key: string; points: ReturnType<OutgoingRun['points']> }> {
  for (const { key, count } of series) yield { key, points: points(key, 0, count) }
}

/** A run around scalars that came without a configuration: what is stored of one is a placeholder (see `hasConfiguration`). */
function eventRun(path: string, series: Awaited<ReturnType<typeof readEventFile>>): IncomingRun {
  const name = basename(path)
  const steps = series.reduce((most, { points }) => Math.max(most, points.steps.at(-1) ?? 0), 0)
  const times = series.flatMap(({ points }) => [points.times[0] ?? Infinity, points.times.at(-1) ?? -Infinity])
  const startedAt = Math.min(...times)
  const endedAt = Math.max(...times)
  const config = RunConfigSchema.safeParse({
    preset: NO_PRESET,
    dataset: 'unknown',
    arch: 'resnet',
    stages: [{ channels: 2, units: 1 }],
    image: { height: 1, width: 1, channels: 1 },
    classes: 2,
    steps: Math.max(1, Math.round(steps)),
    batch: 1,
    learningRate: 1,
  })
  if (!config.success) throw new UserError('BAD_INPUT', `${name} cannot become a run: its steps are not whole numbers from 0 up.`)
  const notes = `Imported from the TensorBoard event file ${name}. Its configuration is not known.`
  const detail: RunDetail = {
    id: 'imported',
    name,
    preset: NO_PRESET,
    dataset: 'unknown',
    status: 'finished',
    phase: null,
    reason: null,
    seed: config.data.seed,
    parameters: 0,
    createdAt: startedAt,
    startedAt,
    endedAt,
    step: Math.round(steps),
    totalSteps: Math.max(1, Math.round(steps)),
    stepsPerEpoch: null,
    activeSeconds: Math.max(0, (endedAt - startedAt) / 1000),
    remainingSeconds: null,
    latest: {},
    best: {},
    lease: 0,
    parentId: null,
    tags: ['tensorboard'],
    note: notes,
    colour: null,
    pinned: false,
    baseline: false,
    archived: false,
    queueOrder: 0,
    config: config.data,
    environment: { engine: null, datasetHash: null, retrace: 'unknown', platform: 'unknown', commit: null, diff: null },
    checkpoints: [],
    result: null,
    notes,
  }
  return { detail, log: [], evaluations: [], checkpoints: [], series: series.map(({ key, points }) => ({ key, read: async () => points })) }
}
