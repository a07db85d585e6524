import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { RunConfigSchema, type RunConfig, type RunConfigInput } from '../../src-main/contract/config.js'
import { openBatches } from '../../src-main/data/batches.js'
import { ensureBuiltin } from '../../src-main/data/import.js'
import { DatasetWriter } from '../../src-main/data/writer.js'
import { randomFor } from '../../src-main/numeric/random.js'
import { PROTOCOL, type Job, type Report } from '../../src-main/training/messages.js'
import { writeLease } from '../../src-main/training/lease-file.js'
import type { StopCommand } from '../../src-main/training/link.js'
import { train } from '../../src-main/training/train.js'
import type { RunData } from '../../src-main/training/run-data.js'
import { engineReport, optionsOf } from './support.js'

export { engineReport }

type Of<Kind extends Report['kind']> = Extract<Report, { kind: Kind }>

export interface Trained {
  ended: Omit<Of<'ended'>, 'kind'>
  reports: Report[]
  config: RunConfig
  /** Every point of a series. */
  series(key: string): { step: number; value: number }[]
  checkpoints: Of<'checkpoint'>[]
  logs: string[]
  folder: string
}

export interface Place {
  datasetFolder: string
  checkpointFolder: string
}

export type PlaneProblem = 'two-spirals' | 'circles' | 'swiss-roll' | 'peaks'

/** A data set and an empty checkpoint folder, which are removed after the test. */
export async function place(dataset: PlaneProblem | 'mnist' | 'noise' | 'no test images'): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'retrace-train-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const signal = new AbortController().signal
  const checkpointFolder = join(folder, 'checkpoints')
  await mkdir(checkpointFolder)
  if (dataset !== 'noise' && dataset !== 'no test images') {
    await ensureBuiltin(dataset, { into: folder, onProgress: () => undefined, signal })
    return { datasetFolder: join(folder, dataset), checkpointFolder }
  }
  const datasetFolder = join(folder, 'noise')
  await mkdir(datasetFolder)
  const writer = new DatasetWriter(datasetFolder, () => undefined, signal)
  writer.begin({ kind: 'images', image: { height: 8, width: 8, channels: 3 }, classNames: ['a', 'b', 'c', 'd'] })
  const random = randomFor(1, 'noise images')
  const write = async (part: 'train' | 'test', count: number): Promise<void> => {
    const labels = Array.from({ length: count }, (_, i) => i % 4)
    const pixels = Uint8Array.from({ length: count * 192 }, (_, i) =>
      Math.min(255, 40 * labels[Math.floor(i / 192)]! + random.integer(0, 100)),
    )
    await writer.write(part, pixels, labels, 'a test')
  }
  await write('train', 80)
  if (dataset === 'noise') await write('test', 40)
  await writer.finish({ name: 'noise', format: 'test', source: 'a test' })
  return { datasetFolder, checkpointFolder }
}

export const smallConfig = (changes: Partial<RunConfigInput> = {}): RunConfig =>
  RunConfigSchema.parse({
    preset: 'test',
    dataset: 'noise',
    arch: 'hamiltonian',
    classes: 4,
    image: { height: 8, width: 8, channels: 3 },
    stages: [
      { channels: 4, units: 2 },
      { channels: 8, units: 2 },
    ],
    batch: 16,
    steps: 12,
    learningRate: 0.05,
    checkpointSeconds: 0,
    ...optionsOf(changes.arch ?? 'hamiltonian'),
    ...changes,
  })

export interface TrainOptions {
  resumeFrom?: string
  weightsFrom?: string
  lease?: number
  /** It pauses by itself at that step. */
  pauseAt?: number
  /** A command sent after that step. */
  command?: { at: number; kind: 'pause' | 'stop' }
  /** The host dies after that step, having committed points up to those of `kept`. */
  hostLost?: { at: number; kept: number }
  /** Called when held-out parts are read. */
  onHeldOut?(part: 'test' | 'validation', step: number): void
  onReport?(report: Report): void
  /** The trainer is told that the data are images. */
  asImages?: boolean
}

/** Trains in this process, like a trainer with its job. */
export async function trainHere(where: Place, config: RunConfig, options: TrainOptions = {}): Promise<Trained> {
  const {
    resumeFrom = null,
    weightsFrom = null,
    pauseAt = null,
    lease = 1,
    command,
    hostLost,
    onHeldOut,
    onReport,
    asImages = false,
  } = options
  await writeLease(where.checkpointFolder, lease)
  const reports: Report[] = []
  let wanted: StopCommand | null = null
  let reported = 0
  let step = 0
  const fromStep = resumeFrom === null ? 0 : Number(/^step-(\d+)/.exec(resumeFrom)![1])
  const opened = await openBatches({ folder: where.datasetFolder, config, fromStep, worker: null })
  step = fromStep
  const data: RunData = {
    ...opened,
    ...(asImages ? { dataset: { ...opened.dataset, kind: 'images' as const } } : {}),
    next: async () => {
      step++
      if (step === hostLost?.at) wanted = 'hostLost'
      if (command && step === command.at) wanted = command.kind
      return opened.next()
    },
    heldOut(part, held) {
      onHeldOut?.(part, step)
      return opened.heldOut(part, held)
    },
  }
  const job: Job = {
    kind: 'job',
    protocol: PROTOCOL,
    dynamics: null,
    runId: 'test',
    lease,
    config,
    ...where,
    datasetHash: null,
    resumeFrom,
    olderCheckpoints: [],
    weightsFrom,
    pauseAt,
  }
  const ended = await train(job, data, {
    report: (report) => {
      reports.push(structuredClone(report))
      if (report.kind === 'points') reported = report.sequence
      onReport?.(report)
    },
    job: async () => job,
    get wanted() {
      return wanted
    },
    get kept() {
      return Math.min(reported, hostLost?.kept ?? reported)
    },
    whenKept: async () => undefined,
    moved: null,
    whenMoved: async () => undefined,
    breathe: async () => undefined,
    drain: async () => undefined,
  })
  const of = <Kind extends Report['kind']>(kind: Kind): Of<Kind>[] => reports.filter((report): report is Of<Kind> => report.kind === kind)
  return {
    ended,
    reports,
    config,
    series: (key) =>
      of('points').flatMap((report) =>
        report.series
          .filter((each) => each.key === key)
          .flatMap(({ steps, values }) => [...steps].map((at, i) => ({ step: at, value: values[i]! }))),
      ),
    checkpoints: of('checkpoint'),
    logs: of('log').map(({ message }) => message),
    folder: where.checkpointFolder,
  }
}
