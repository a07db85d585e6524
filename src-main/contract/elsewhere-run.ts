import { RunConfigSchema } from './config.js'
import type { RunDetail } from './runs.js'

type Given = Pick<RunDetail, 'id' | 'name' | 'preset' | 'status' | 'startedAt' | 'endedAt' | 'step' | 'totalSteps' | 'tags' | 'notes'> &
  Partial<Pick<RunDetail, 'dataset' | 'seed'>>

/**
 * A run that another program made: what is known of it, around a configuration that is a placeholder (see `hasConfiguration`), because what
 * Retrace stores of a run has one.
 */
export function elsewhereRun(given: Given): RunDetail {
  const { preset, totalSteps, startedAt, endedAt, notes, dataset = 'unknown', seed } = given
  const config = RunConfigSchema.parse({
    preset,
    dataset,
    ...(seed === undefined ? {} : { seed }),
    arch: 'resnet',
    stages: [{ channels: 2, units: 1 }],
    image: { height: 1, width: 1, channels: 1 },
    classes: 2,
    // A placeholder has a length that a configuration can have; the run's own is beside it.
    steps: Math.min(Math.max(1, totalSteps), RunConfigSchema.shape.steps.unwrap().maxValue ?? 1),
    batch: 1,
    learningRate: 1,
  })
  return {
    ...given,
    dataset,
    phase: null,
    reason: null,
    seed: config.seed,
    parameters: 0,
    createdAt: startedAt ?? 0,
    stepsPerEpoch: null,
    activeSeconds: startedAt === null || endedAt === null ? 0 : Math.max(0, (endedAt - startedAt) / 1000),
    remainingSeconds: null,
    latest: {},
    best: {},
    gradients: null,
    reported: null,
    lease: 0,
    parentId: null,
    studyId: null,
    note: '',
    colour: null,
    pinned: false,
    baseline: false,
    archived: false,
    queueOrder: 0,
    config,
    environment: { engine: null, datasetHash: null, retrace: 'unknown', platform: 'unknown', commit: null, diff: null },
    checkpoints: [],
    result: null,
    notes,
  }
}
