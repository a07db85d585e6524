import { dispose, scalar, tensor } from '@tensorflow/tfjs-core'
import type { Checkpoint, RunResult } from '../contract/runs.js'
import { UserError } from '../contract/errors.js'
import { isReversible } from '../numeric/dynamics.js'
import { buildNetwork } from '../numeric/network.js'
import { learningRateAt } from '../numeric/schedules.js'
import { initialState } from '../numeric/state.js'
import { trainStep } from '../numeric/train-step.js'
import { chooseAnchors } from './anchors.js'
import { checkpointFile, loadInto, NotFinite, readCheckpoint, saveCheckpoint, type Progress } from './checkpoint.js'
import { evaluate, imageTensor, measureReconstruction, type Evaluation } from './evaluate.js'
import { packPoints } from './left-behind.js'
import type { HostLink } from './link.js'
import type { Job, Report } from './messages.js'
import { Recorder } from './recorder.js'
import type { HostBatch, RunData } from './run-data.js'
import { Selection } from './selection.js'
import { readWeights } from './weights.js'
import { basename, join } from 'node:path'

type Ended = Omit<Extract<Report, { kind: 'ended' }>, 'kind'>

const MEBIBYTE = 2 ** 20
const EVALUATION_BATCH = 250

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
    log('info', `goes on from the checkpoint at step ${state.step}`)
  } else if (job.weightsFrom) {
    loadInto(network, state, await readWeights(job.weightsFrom), 'weights')
    log('info', `begins with the weights of ${basename(job.weightsFrom)}`)
  }

  const startedAt = performance.now()
  let lastCheckpoint = { at: performance.now(), step: -1 }
  let latest: Record<string, number> = {}
  let saved: Awaited<ReturnType<typeof saveCheckpoint>> | null = null
  const checkpoint = async (kind: Checkpoint['kind']): Promise<void> => {
    phase('checkpoint')
    recorder.flush()
    const progress: Progress = { step: state.step, best: selection.best, anchorEvery }
    const points: Record<string, string> =
      kind === 'stop' && link.wanted === 'hostLost' ? { points: packPoints(recorder.unacknowledged()) } : {}
    const written = saveCheckpoint({ folder: job.checkpointFolder, lease: job.lease, config }, network, state, progress, points)
    saved = await written.catch((error: unknown) => {
      throw error instanceof NotFinite ? new Diverged(error.message, state.step, lastCheckpoint.step) : error
    })
    recorder.checkpointed()
    lastCheckpoint = { at: performance.now(), step: state.step }
    link.report({ kind: 'checkpoint', checkpoint: kind, step: state.step, createdAt: Date.now(), metrics: latest, ...saved })
    phase('training')
  }

  const record = (key: string, value: number): void => {
    recorder.record(key, state.step, value)
    latest = { ...latest, [key]: value }
  }
  const evaluatePart = (part: 'test' | 'validation', limit: number): Evaluation | null => {
    const result = evaluate(network, state, data.heldOut(part, { batch: EVALUATION_BATCH, limit }))
    if (!result) return null
    record(`${part}/accuracy`, result.accuracy)
    record(`${part}/loss`, result.loss)
    return result
  }
  let warned = false
  const measureReversal = (batch: HostBatch): void => {
    const worstOf = (errors: number[]): number => errors.reduce((a, b) => (Number.isNaN(a) || a > b ? a : b))
    const measured = (every: number): number => worstOf(measureReconstruction(network, state, batch, every))
    if (config.anchorEvery === 'auto') {
      const units = Math.max(...network.stages.map((stage) => stage.units))
      const chosen = chooseAnchors(measured, units, config.reconstructionTolerance, anchorEvery)
      if (chosen !== anchorEvery)
        log(
          'info',
          `stores every ${chosen}-th state, because rebuilt states were off by ${measured(anchorEvery).toExponential(1)} (relative)`,
        )
      anchorEvery = chosen
    }
    const errors = measureReconstruction(network, state, batch, anchorEvery)
    errors.forEach((error, stage) => record(`reversibility/stage${stage + 1}`, error))
    const worst = worstOf(errors)
    record('reversibility/reconstructionError', worst)
    if (worst <= config.reconstructionTolerance || warned) return
    warned = true
    log('warn', describeReconstruction(worst, config.reconstructionTolerance))
  }
  const evaluateAll = (limit: number, batch: HostBatch): Evaluation | null => {
    phase('evaluating')
    const test = evaluatePart('test', limit)
    // Always of the same images, or else the last value could not be compared with the ones before.
    const validation = config.validation > 0 ? evaluatePart('validation', config.evaluateImages) : null
    if (validation) selection.consider(validation, state.step, checkpointFile(state.step, job.lease))
    if (reversible) measureReversal(batch)
    phase('training')
    return test
  }

  link.report({ kind: 'started', step: state.step, totalSteps: config.steps, stepsPerEpoch: data.stepsPerEpoch })
  phase('training')
  if (state.step === 0) await checkpoint('start')
  const evaluateEvery = config.evaluateEvery || data.stepsPerEpoch
  let lastMemory = 0
  let finalTest: Evaluation | null = null
  let outcome: 'finished' | 'stopped' | 'paused' = 'finished'

  while (state.step < config.steps) {
    const begin = performance.now()
    const batch = await data.next()
    const learningRate = learningRateAt(config, state.step)
    const tensors = {
      images: imageTensor(network, batch),
      labels: tensor(batch.labels.slice(0, batch.count), [batch.count], 'int32'),
      learningRate: scalar(learningRate),
    }
    const result = trainStep(network, state, tensors, { ...config, anchorEvery }, tensors.learningRate)
    const [loss, total, gradientNorm] = [result.crossEntropy, result.total, result.gradientNorm].map((value) => value.dataSync()[0]!)
    dispose([...Object.values(result), ...Object.values(tensors)])

    record('train/loss', loss!)
    record('train/total', total!)
    record('train/gradientNorm', gradientNorm!)
    record('train/learningRate', learningRate)
    const seconds = (performance.now() - begin) / 1000
    record('train/imagesPerSecond', batch.count / seconds)
    if (performance.now() - lastMemory > 1000) {
      lastMemory = performance.now()
      record('system/residentMiB', process.memoryUsage.rss() / MEBIBYTE)
    }
    const bad = [loss, total, gradientNorm].findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) {
      recorder.stepped(state.step, seconds)
      recorder.flush()
      const what = `the ${['loss', 'objective', 'gradient norm'][bad]!} is ${[loss, total, gradientNorm][bad]}`
      throw new Diverged(what, state.step, lastCheckpoint.step)
    }

    const last = state.step === config.steps
    if (!last && state.step % evaluateEvery === 0) {
      evaluateAll(config.evaluateImages, batch)
      if (selection.improved) await checkpoint('best')
      if (selection.exhausted) {
        log('info', `stops early: no improvement in ${config.earlyStopping} evaluations`)
        batch.release()
        recorder.stepped(state.step, seconds)
        break
      }
    }
    if (last) finalTest = evaluateAll(0, batch)
    batch.release()
    recorder.stepped(state.step, seconds)
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
  if (lastCheckpoint.step !== state.step || kind === 'final') await checkpoint(kind)
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
    if (selection.best && selection.best.step !== state.step) {
      const best = await readCheckpoint(join(job.checkpointFolder, selection.best.file))
      loadInto(network, state, best.file.tensors, 'weights')
      finalTest = null
    }
    const test = finalTest ?? evaluate(network, state, data.heldOut('test', { batch: EVALUATION_BATCH, limit: 0 }))
    if (test) result = { ...result, testAccuracy: test.accuracy, testLoss: test.loss }
  }
  return { outcome, reason: null, result }
}

function describeReconstruction(error: number, tolerance: number): string {
  const found = `rebuilt states are off by ${error.toExponential(1)} (relative), more than the tolerance of ${tolerance.toExponential(0)}`
  return `${found}, so that gradients may be wrong; set anchorEvery (a number, or auto) or a smaller h`
}
