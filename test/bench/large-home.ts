import { RunConfigSchema, type RunConfig } from '../../src-main/contract/config.js'
import type { Points } from '../../src-main/contract/metrics.js'
import type { RunStatus, RunSummary } from '../../src-main/contract/runs.js'
import type { Database } from '../../src-main/storage/database.js'
import type { Stores } from '../../src-main/storage/stores.js'

/** A sweep as a researcher would have left it after a year. */
export interface LargeHome {
  runs: number
  /** Stored points of each run, over `KEYS`. */
  pointsPerRun: number
  /** Number of studies that made all the runs, in equal parts; none by default. */
  studies?: number
}

const KEYS = ['train/loss', 'train/gradientNorm']
const ARCHITECTURES = ['hamiltonian', 'midpoint', 'leapfrog', 'resnet', 'revnet']
const STATUSES: RunStatus[] = ['finished', 'finished', 'finished', 'stopped', 'failed', 'diverged', 'interrupted']

/** The same numbers in every call: a 32-bit generator (Numerical Recipes). */
function generator(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
}

/** More than 40 keys, most of which differ from run to run. */
function configOf(run: number, random: () => number): RunConfig {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  const arch = pick(ARCHITECTURES)
  return RunConfigSchema.parse({
    preset: `${arch}-quick`,
    dataset: pick(['mnist', 'cifar10', 'cifar100', 'stl10']),
    arch,
    classes: 10,
    image: { height: 32, width: 32, channels: 3 },
    stages: [8, 16, 32].map((channels) => ({ channels: channels * pick([1, 2, 4]), units: 2 + Math.floor(random() * 6) })),
    h: pick([0.02, 0.05, 0.1, 0.25]),
    activation: pick(['relu', 'tanh', 'elu']),
    seed: run % 100,
    subset: pick([0.1, 0.5, 1]),
    augment: { pad: pick([0, 2, 4]), flip: random() < 0.5 },
    batch: pick([32, 64, 100, 128]),
    steps: 1000 + run,
    learningRate: random() * 0.2,
    momentum: pick([0.8, 0.9, 0.95]),
    schedule: { kind: 'piecewise', warmup: pick([0, 100]), drops: [400, 800], factor: 0.1 },
    weightDecay: random() * 1e-3,
    smoothness: random() * 1e-3,
    labelSmoothing: pick([0, 0.1]),
    clipNorm: pick([0, 1, 5]),
    anchorEvery: pick([0, 4, 'auto' as const]),
    memoryBudget: pick([0, 2 ** 28, 'auto' as const]),
  })
}

function summaryOf(run: number, config: RunConfig, random: () => number, studyId: string | null): RunSummary {
  const createdAt = Date.UTC(2026, 0, 1) + run * 1_800_000
  const seconds = 300 + random() * 7200
  const status = STATUSES[Math.floor(random() * STATUSES.length)] as RunStatus
  return {
    projectId: null,
    id: `big${String(run).padStart(6, '0')}`,
    name: `${config.preset} ${run + 1}`,
    preset: config.preset,
    dataset: config.dataset,
    status,
    phase: null,
    reason: status === 'failed' ? 'The trainer ended with status 1.' : null,
    seed: config.seed,
    parameters: 10_000 + Math.floor(random() * 1e6),
    createdAt,
    startedAt: createdAt + 1000,
    endedAt: createdAt + 1000 * seconds,
    step: status === 'finished' ? config.steps : Math.floor(config.steps * random()),
    totalSteps: config.steps,
    stepsPerEpoch: 500,
    activeSeconds: seconds,
    remainingSeconds: null,
    gradients: null,
    latest: {
      'test/accuracy': random(),
      'test/loss': random() * 3,
      'train/loss': status === 'diverged' ? NaN : random() * 3,
      'train/total': random() * 4,
      'train/learningRate': config.learningRate,
      'train/gradientNorm': random() * 10,
      'train/imagesPerSecond': 100 + random() * 900,
      'system/residentMiB': 400 + random() * 1000,
      'reversibility/reconstructionError': random() * 1e-5,
    },
    best: { 'validation/accuracy': random() },
    reported:
      status === 'finished'
        ? { step: config.steps, images: 10_000, values: { 'test/accuracy': random(), 'test/loss': random() * 3 } }
        : null,
    lease: 1,
    parentId: null,
    studyId,
    tags: random() < 0.3 ? [`sweep ${run % 12}`] : [],
    note: random() < 0.1 ? 'Looks better than the last one' : '',
    colour: null,
    pinned: run % 4000 === 7,
    baseline: run === 42,
    archived: false,
    queueOrder: run,
  }
}

function pointsOf(count: number): Points {
  const random = generator(1)
  const steps = Float64Array.from({ length: count }, (_, i) => i + 1)
  return {
    steps,
    values: steps.map((step) => 2.3 * Math.exp(-step / 2000) + 0.3 * random()),
    times: steps.map((step) => 1.7e12 + step * 50),
  }
}

const studyIdOf = (study: number): string => `study${String(study).padStart(4, '0')}`

/** A search whose cells are these runs. */
function addStudy(stores: Stores, study: number, runs: readonly RunSummary[]): void {
  const stored = {
    id: studyIdOf(study),
    name: `Search ${study + 1}`,
    template: 'search',
    options: {},
    createdAt: runs[0]!.createdAt,
    held: false,
    undecided: false,
    projectId: null,
  }
  stores.studies.insert(
    stored,
    runs.map(({ id, seed, preset, dataset }, position) => ({
      position,
      factors: { seed },
      work: { kind: 'run', run: { preset, dataset, overrides: { seed } } },
      key: id,
      runId: id,
      takenOver: false,
      measured: null,
      seconds: null,
      phase: 0,
      until: null,
    })),
  )
}

/** Number of runs written in one transaction: few enough to keep the database's journal small. */
const TOGETHER = 500

/** Fills an empty database through its stores: its content is then as if the runs had been trained. */
export function fillLargeHome(db: Database, stores: Stores, { runs, pointsPerRun, studies = 0 }: LargeHome): void {
  const random = generator(2)
  const points = pointsOf(Math.floor(pointsPerRun / KEYS.length))
  const environment = { engine: null, datasetHash: null, retrace: '0', platform: 'bench', commit: null, diff: null }
  const add = (run: number): void => {
    const config = configOf(run, random)
    const summary = summaryOf(run, config, random, studies > 0 ? studyIdOf(Math.floor((run * studies) / runs)) : null)
    stores.runs.insert({ summary, config, environment, weightsFile: null })
    if (points.steps.length > 0) for (const key of KEYS) stores.series.append(summary.id, key, points)
  }
  for (let from = 0; from < runs; from += TOGETHER)
    db.immediate(() => {
      for (let run = from; run < Math.min(runs, from + TOGETHER); run++) add(run)
    })
  if (studies === 0) return
  const made = stores.runs.list().reverse()
  db.immediate(() => {
    for (let study = 0; study < studies; study++)
      addStudy(
        stores,
        study,
        made.filter(({ studyId }) => studyId === studyIdOf(study)),
      )
  })
}
