import { RunConfigSchema } from './config.js'
import { FRESH_RUN } from './fresh-run.js'
import type { RunDetail } from './runs.js'

type Given = Pick<RunDetail, 'id' | 'name' | 'preset' | 'status' | 'startedAt' | 'endedAt' | 'step' | 'totalSteps' | 'tags' | 'notes'> &
  Partial<Pick<RunDetail, 'dataset' | 'seed'>>

/**
 * A run made by another program: its known properties, and a placeholder configuration (see `hasConfiguration`), because every stored run
 * has one.
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
    // A placeholder length that a configuration can have; the run's own length is stored next to it.
    steps: Math.min(Math.max(1, totalSteps), RunConfigSchema.shape.steps.unwrap().maxValue ?? 1),
    batch: 1,
    learningRate: 1,
  })
  return {
    ...FRESH_RUN,
    ...given,
    dataset,
    seed: config.seed,
    parameters: 0,
    createdAt: startedAt ?? 0,
    activeSeconds: startedAt === null || endedAt === null ? 0 : Math.max(0, (endedAt - startedAt) / 1000),
    config,
    environment: { engine: null, datasetHash: null, retrace: 'unknown', platform: 'unknown', commit: null, diff: null },
    checkpoints: [],
    result: null,
    notes,
  }
}
