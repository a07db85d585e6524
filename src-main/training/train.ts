import type { RunConfig } from '../contract/config.js'
import type { TestFigures } from '../contract/evaluations.js'
import type { Checkpoint, RunResult } from '../contract/runs.js'
import { UserError } from '../contract/errors.js'
import { isReversible } from '../numeric/dynamics.js'
import { planActivations } from '../numeric/activation-budget.js'
import { buildNetwork, type Network } from '../numeric/network.js'
import { learningRateAt } from '../numeric/schedules.js'
import { initialState } from '../numeric/state.js'
import { chooseAnchors } from './anchors.js'
import { checkpointFile, loadInto, NotFinite, readCheckpoint, saveCheckpoint, storedTensors, type Progress } from './checkpoint.js'
import { evaluate, evaluateInFull, type Evaluation } from './evaluate.js'
import { EVALUATION_BATCH } from './executor.js'
import { packPoints } from './left-behind.js'
import { openExecutor } from './open-executor.js'
import type { HostLink } from './link.js'
import { budgetBytes } from './memory-budget.js'
import type { Job, Report } from './messages.js'
import { Recorder } from './recorder.js'
import { ResourceMeter } from './resources.js'
import type { HostBatch, RunData } from './run-data.js'
import { Selection } from './selection.js'
import { readWeights } from './weights.js'
import { basename, join } from 'node:path'

type Ended = Omit<Extract<Report, { kind: 'ended' }>, 'kind'>

/**
 * Trains one run from its job to its end. Reads from top to bottom; everything that it does is reported.
 * @returns how it ended; throws for what a user or a defect has to mend
 */
export async function train(job: Job, data: RunData, link: HostLink): Promise<Ended> {
  try {
    return await trainToEnd(job, data, link)
  } catch (error) {
    if (error instanceof Diverged) return { outcome: 'diverged', reason: error.message, result: null }
    throw error
  }
}

/** Something became NaN or infinite. */
class Diverged extends Error {
  constructor(what: string, step: number, lastGood: number) {
    const advice = 'Try a smaller learning rate, gradient clipping or a smaller h.'
    super(
      `${what} at step ${step}; ${lastGood < 0 ? 'there is no good checkpoint' : `the last good checkpoint is at step ${lastGood}`}. ${advice}`,
    )
  }
}

async function trainToEnd(job: Job, data: RunData, link: HostLink): Promise<Ended> {
  const { config } = job
  const network = buildNetwork(config)
  const state = initialState(network, config)
  const recorder = new Recorder((report) => link.report(report))
  const selection = new Selection(config)
  let anchorEvery = config.anchorEvery === 'auto' ? 0 : config.anchorEvery
  let keptUnits = planKept(network, config)
  const log = (level: 'info' | 'warn', message: string): void => link.report({ kind: 'log', at: Date.now(), level, message })
  const phase = (name: string): void => link.report({ kind: 'phase', phase: name })
  const reversible = isReversible(network.dynamics)

  phase('preparing')
  if (job.resumeFrom) {
    const checkpoint = await readCheckpoint(join(job.checkpointFolder, job.resumeFrom))
    loadInto(network, state, checkpoint.file.tensors, 'everything')
    state.step = checkpoint.progress.step
    selection.restore(checkpoint.progress.best)
    anchorEvery = checkpoint.progress.anchorEvery
    keptUnits = checkpoint.progress.keptUnits
    log('info', `goes on from the checkpoint at step ${state.step}`)
  } else if (job.weightsFrom) {
    loadInto(network, state, await readWeights(job.weightsFrom), 'weights')
    log('info', `begins with the weights of ${basename(job.weightsFrom)}`)
  }

  const startedAt = performance.now()
  const executor = openExecutor(network, config, state, { anchorEvery, keptUnits, log, onPhase: phase })
  let lastCheckpoint = { at: performance.now(), step: -1 }
  let latest: Record<string, number> = {}
  let saved: Awaited<ReturnType<typeof saveCheckpoint>> | null = null
  const checkpoint = async (kind: Checkpoint['kind']): Promise<void> => {
    phase('checkpoint')
    recorder.flush()
    const progress: Progress = { step: executor.step, best: selection.best, anchorEvery, keptUnits }
    const points: Record<string, string> =
      kind === 'stop' && link.wanted === 'hostLost' ? { points: packPoints(recorder.unacknowledged()) } : {}
    const tensors = executor.read((current) => storedTensors(network, current, config.optimizer))
    const written = saveCheckpoint({ folder: job.checkpointFolder, lease: job.lease, config }, tensors, progress, points)
    saved = await written.catch((error: unknown) => {
      throw error instanceof NotFinite ? new Diverged(error.message, executor.step, lastCheckpoint.step) : error
    })
    recorder.checkpointed()
    lastCheckpoint = { at: performance.now(), step: executor.step }
    link.report({ kind: 'checkpoint', checkpoint: kind, step: executor.step, createdAt: Date.now(), metrics: latest, ...saved })
    phase('training')
  }

  const record = (key: string, value: number): void => {
    recorder.record(key, executor.step, value)
    latest = { ...latest, [key]: value }
  }
  const heldOut = (part: 'test' | 'validation', limit: number) => data.heldOut(part, { batch: EVALUATION_BATCH, limit })
  const testInFull = (): TestFigures | null => evaluateInFull(executor, heldOut('test', 0), config.classes)
  const recordPart = <T extends Evaluation>(part: 'test' | 'validation', result: T | null): T | null => {
    if (!result) return null
    record(`${part}/accuracy`, result.accuracy)
    record(`${part}/loss`, result.loss)
    return result
  }
  let warned = false
  const measureReversal = (batch: HostBatch): void => {
    const worstOf = (errors: number[]): number => errors.reduce((a, b) => (Number.isNaN(a) || a > b ? a : b))
    if (config.anchorEvery === 'auto') {
      const measured = (every: number): number => worstOf(executor.reconstruct(batch, every))
      const units = Math.max(...network.stages.map((stage) => stage.units))
      const chosen = chooseAnchors(measured, units, config.reconstructionTolerance, anchorEvery)
      if (chosen !== anchorEvery) {
        const error = measured(anchorEvery).toExponential(1)
        log('info', `stores every ${chosen}-th state, because rebuilt states were off by ${error} (relative)`)
        executor.keep({ anchorEvery: chosen, keptUnits })
      }
      anchorEvery = chosen
    }
    const errors = executor.reconstruct(batch, anchorEvery)
    errors.forEach((error, stage) => record(`reversibility/stage${stage + 1}`, error))
    const worst = worstOf(errors)
    record('reversibility/reconstructionError', worst)
    if (worst <= config.reconstructionTolerance || warned) return
    warned = true
    log('warn', describeReconstruction(worst, config.reconstructionTolerance))
  }
  const evaluateAll = <T extends Evaluation>(evaluateTest: () => T | null, batch: HostBatch): T | null => {
    phase('evaluating')
    const test = recordPart('test', evaluateTest())
    // Always of the same images, or else the last value could not be compared with the ones before.
    const validation =
      config.validation > 0 ? recordPart('validation', evaluate(executor, heldOut('validation', config.evaluateImages))) : null
    if (validation) selection.consider(validation, executor.step, checkpointFile(executor.step, job.lease))
    if (reversible) measureReversal(batch)
    phase('training')
    return test
  }

  link.report({ kind: 'started', step: executor.step, totalSteps: config.steps, stepsPerEpoch: data.stepsPerEpoch })
  phase('training')
  if (executor.step === 0) await checkpoint('start')
  const evaluateEvery = config.evaluateEvery || data.stepsPerEpoch
  const resources = new ResourceMeter(job.checkpointFolder)
  let finalTest: TestFigures | null = null
  let outcome: 'finished' | 'stopped' | 'paused' = 'finished'

  while (executor.step < config.steps) {
    const begin = performance.now()
    const batch = await data.next()
    const learningRate = learningRateAt(config, executor.step)
    const { loss, total, gradientNorm } = executor.train(batch, learningRate)

    record('train/loss', loss)
    record('train/total', total)
    record('train/gradientNorm', gradientNorm)
    record('train/learningRate', learningRate)
    const seconds = (performance.now() - begin) / 1000
    record('train/imagesPerSecond', batch.count / seconds)
    for (const [key, value] of Object.entries(resources.sample() ?? {})) record(key, value)
    const bad = [loss, total, gradientNorm].findIndex((value) => !Number.isFinite(value))
    // Before any checkpoint of this step, which must not be ahead of the run's row.
    recorder.stepped(executor.step, seconds)
    if (bad >= 0) {
      recorder.flush()
      const what = `the ${['loss', 'objective', 'gradient norm'][bad]!} is ${[loss, total, gradientNorm][bad]}`
      throw new Diverged(what, executor.step, lastCheckpoint.step)
    }

    const last = executor.step === config.steps
    if (!last && executor.step % evaluateEvery === 0) {
      evaluateAll(() => evaluate(executor, heldOut('test', config.evaluateImages)), batch)
      if (selection.improved) await checkpoint('best')
      if (selection.exhausted) {
        log('info', `stops early: no improvement in ${config.earlyStopping} evaluations`)
        batch.release()
        break
      }
    }
    if (last) finalTest = evaluateAll(testInFull, batch)
    batch.release()
    await link.breathe()
    if (link.wanted) {
      outcome = link.wanted === 'pause' ? 'paused' : 'stopped'
      break
    }
    if (config.checkpointSeconds > 0 && performance.now() - lastCheckpoint.at > config.checkpointSeconds * 1000)
      await checkpoint('schedule')
  }

  recorder.flush()
  const kind = outcome === 'finished' ? 'final' : outcome === 'paused' ? 'pause' : 'stop'
  if (lastCheckpoint.step !== executor.step || kind === 'final') await checkpoint(kind)
  const end = saved as Awaited<ReturnType<typeof saveCheckpoint>> | null
  if (!end) throw new UserError('INTERNAL', 'the run ended without a checkpoint; please report this')
  let result: RunResult = {
    testAccuracy: null,
    testLoss: null,
    weightsHash: end.weightsHash,
    seconds: (performance.now() - startedAt) / 1000,
  }
  if (outcome === 'finished') {
    // The reported accuracy is that of the selected checkpoint; without a validation split that is the last one.
    let selected = { file: end.file, step: executor.step }
    if (selection.best && selection.best.step !== executor.step) {
      selected = { file: selection.best.file, step: selection.best.step }
      const best = await readCheckpoint(join(job.checkpointFolder, selection.best.file))
      executor.change((current) => loadInto(network, current, best.file.tensors, 'weights'))
      finalTest = null
    }
    const test = finalTest ?? testInFull()
    if (test) {
      result = { ...result, testAccuracy: test.accuracy, testLoss: test.loss }
      link.report({ kind: 'evaluation', ...selected, at: Date.now(), figures: test })
    }
  }
  return { outcome, reason: null, result }
}

/** Units that keep their activations: what a fixed budget allows, or half of the memory that is free now. */
function planKept(network: Network, config: RunConfig): number[] {
  if (config.mode === 'stored' || config.memoryBudget === 0) return []
  return planActivations(network, config.batch, budgetBytes(config)).keptUnits
}

function describeReconstruction(error: number, tolerance: number): string {
  const found = `rebuilt states are off by ${error.toExponential(1)} (relative), more than the tolerance of ${tolerance.toExponential(0)}`
  return `${found}, so that gradients may be wrong; set anchorEvery (a number, or auto) or a smaller h`
}
