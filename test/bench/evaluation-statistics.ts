import { openBatches } from '../../src-main/data/batches.js'
import { readDataset } from '../../src-main/data/stored.js'
import { openEngine } from '../../src-main/engine/open.js'
import { catalogue } from '../../src-main/hosts/catalogue.js'
import { resolveConfig } from '../../src-main/features/runs/resolve.js'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { presets } from '../../src-main/numeric/presets.js'
import { learningRateAt } from '../../src-main/numeric/schedules.js'
import { initialState } from '../../src-main/numeric/state.js'
import { evaluate } from '../../src-main/training/evaluate.js'
import { EVALUATION_BATCH, type Moments } from '../../src-main/training/executor.js'
import { openExecutor } from '../../src-main/training/open-executor.js'
import { populationStatistics } from '../../src-main/training/population.js'
import type { HostBatch } from '../../src-main/training/run-data.js'

const LIMIT = 2000
const SAMPLES = [500, 1000, 2000]

const [name, folder, ...wanted] = process.argv.slice(2)
const preset = presets.find((each) => each.name === name)
if (!preset || !folder || wanted.length === 0) throw new Error('usage: evaluation-statistics.mjs PRESET FOLDER STEP...')
const { report } = await openEngine()
const overrides = { evaluationStatistics: 'reestimated' }
const dataset = await readDataset(folder)
const split = async (): Promise<never> => {
  throw new Error('this preset has no validation split')
}
const { config, issues } = await resolveConfig({
  base: preset.config,
  preset: preset.name,
  dataset,
  overrides,
  split,
  architectures: async () => catalogue.architectures(),
})
if (!config) throw new Error(issues.map(({ message }) => message).join('; '))
const network = buildNetwork(config)
const data = await openBatches({ folder, config, fromStep: 0, worker: null })
const keep = { anchorEvery: 0, keptUnits: [], log: () => undefined, onPhase: () => undefined }
const executor = openExecutor(network, config, initialState(network, config), keep)

const moments = (batches: Iterable<HostBatch>): Moments => {
  const all: Moments[] = []
  // Only batches of equal size: the remainder at the end of a part has other statistics.
  for (const batch of batches) if (batch.count === config.batch) all.push(...executor.moments(batch))
  return populationStatistics(all)
}
const seconds = (work: () => void): number => {
  const begin = performance.now()
  work()
  return (performance.now() - begin) / 1000
}
const score = (statistics: Moments): string => {
  executor.evaluateWith(statistics)
  const { accuracy, loss } = evaluate(executor, data.heldOut('test', { batch: EVALUATION_BATCH, limit: LIMIT }))!
  return `${(accuracy * 100).toFixed(1)} %, ${loss.toFixed(2)}`
}
const row = (...cells: (string | number)[]): void => console.log(`| ${cells.join(' | ')} |`)

console.log(`${preset.name}, ${report.engine} engine, ${config.batch} images a batch`)
row(
  'step',
  'loss of training',
  'running',
  ...SAMPLES.map((count) => `${count} training images`),
  `${LIMIT} test images`,
  's a step',
  's to estimate',
  's to evaluate',
)
row(...Array.from({ length: SAMPLES.length + 7 }, () => '---:'))
const steps = wanted.map(Number)
let loss = 0
for (let step = 1; step <= Math.max(...steps); step++) {
  const batch = await data.next()
  const update = seconds(() => (loss = executor.train(batch, learningRateAt(config, step - 1))['train/loss']!))
  batch.release()
  if (!steps.includes(step)) continue
  const running = executor.read(({ statistics }): Moments => {
    return new Map(Object.entries(statistics).map(([key, value]) => [key, (value.dataSync() as Float32Array).slice()]))
  })
  const estimate = seconds(() => moments(data.sample(1000)))
  const shown = [running, ...SAMPLES.map((count) => moments(data.sample(count)))].map(score)
  const test = score(moments(data.heldOut('test', { batch: config.batch, limit: LIMIT })))
  const evaluation = seconds(() => score(running))
  row(step, loss.toFixed(2), ...shown, test, update.toFixed(2), estimate.toFixed(2), evaluation.toFixed(2))
}
await data.close()
