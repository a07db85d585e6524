import { rebuildsActivations } from '../contract/config.js'
import type { TestFigures } from '../contract/evaluations.js'
import { anchorsHelp, describeCheck } from '../contract/gradients.js'
import { STEP_METRICS } from '../contract/metrics.js'
import type { Checkpoint, RunResult } from '../contract/runs.js'
import { UserError } from '../contract/errors.js'
import { buildNetwork } from '../numeric/network.js'
import { learningRateAt } from '../numeric/schedules.js'
import { initialState } from '../numeric/state.js'
import { chooseAnchors, stateLimits } from './anchors.js'
import {
  checkpointFile,
  DamagedCheckpoint,
  loadInto,
  NotFinite,
  readCheckpoint,
  saveCheckpoint,
  storedTensors,
  type Progress,
} from './checkpoint.js'
import { saveInHome } from './checkpoint-place.js'
import { Diverged } from './diverged.js'
import { evaluate, evaluateInFull, type Evaluation } from './evaluate.js'
import { EVALUATION_BATCH, reestimates } from './executor.js'
import { pointsToKeep } from './left-behind.js'
import { GradientWatch } from './gradient-watch.js'
import { openExecutor } from './open-executor.js'
import { InputPlane } from './input-plane.js'
import { HistogramSeries } from './histograms.js'
import type { HostLink } from './link.js'
import { describeEnd, describeEvaluation, describeTraining, describeWritten } from './log-sentences.js'
import { planKept } from './memory-budget.js'
import type { Job, Report } from './messages.js'
import { Population, populationTensors, readPopulation } from './population.js'
import { Recorder } from './recorder.js'
import { openResourceMeter } from './resources.js'
import type { HostBatch, RunData } from './run-data.js'
import { Selection } from './selection.js'
import { describeLostSelection, describeReconstruction, describeWait } from './sentences.js'
import { seriesAtEvaluations } from './series-at-evaluations.js'
import { checkSolvedHead, withSolvedHead } from './solved-head.js'
import { readWeights } from './weights.js'
import { basename, join } from 'node:path'

type Ended = Omit<Extract<Report, { kind: 'ended' }>, 'kind'>

const OUTCOMES = { pause: 'paused', terminated: 'interrupted', stop: 'stopped', hostLost: 'stopped', homeLost: 'interrupted' } as const
const CHECKPOINTS = { finished: 'final', paused: 'pause', interrupted: 'pause', stopped: 'stop' } as const

/**
 * Trains one run from its job to its end. Reads from top to bottom; everything that it does is reported.
 * @returns how it ended; throws for errors that a user or a developer has to fix
 */
export async function train(job: Job, data: RunData, link: HostLink): Promise<Ended> {
  try {
    return await trainToEnd(job, data, link)
  } catch (error) {
    if (error instanceof Diverged) return { outcome: 'diverged', reason: error.message, result: null }
    throw error
  }
}

async function trainToEnd(job: Job, data: RunData, link: HostLink): Promise<Ended> {
  const { config } = job
  const network = buildNetwork(config)
  const state = initialState(network, config)
  const recorder = new Recorder(link)
  const selection = new Selection(config)
  const gradients = new GradientWatch(network, config)
  let anchorEvery = config.anchorEvery === 'auto' ? 0 : config.anchorEvery
  let keptUnits = planKept(network, config)
  const log = (level: 'info' | 'warn', message: string): void => link.report({ kind: 'log', at: Date.now(), level, message })
  const phase = (name: string): void => link.report({ kind: 'phase', phase: name })

  phase('preparing')
  if (job.resumeFrom) {
    const checkpoint = await readCheckpoint(join(job.checkpointFolder, job.resumeFrom))
    loadInto(network, state, checkpoint.file.tensors, 'everything')
    state.step = checkpoint.progress.step
    selection.restore(checkpoint.progress.best)
    anchorEvery = checkpoint.progress.anchorEvery
    keptUnits = checkpoint.progress.keptUnits
    gradients.worst = checkpoint.progress.gradients
    const unchecked = checkpoint.fullyChecked ? '' : ' (only its weights could be verified, because its format has no hash of the rest)'
    log('info', `resuming from the checkpoint at step ${state.step}${unchecked}`)
  } else if (job.weightsFrom) {
    loadInto(network, state, await readWeights(job.weightsFrom), 'weights')
    log('info', `starting from the weights in ${basename(job.weightsFrom)}`)
  }

  if (data.batch < config.batch)
    log('warn', `there are only ${data.batch} training images, fewer than the batch size of ${config.batch}: every step uses all of them`)
  checkSolvedHead(config, data)
  const opened = openExecutor(network, { ...config, batch: data.batch }, state, { anchorEvery, keptUnits, log, onPhase: phase })
  const executor = withSolvedHead(opened, network, config)
  const population = reestimates(network, config) ? new Population(executor, data) : null
  const plane = InputPlane.of(executor, data)
  const histograms = HistogramSeries.of(network, config, data)
  const measured = seriesAtEvaluations(network, config, data)
  let lastCheckpoint = { at: performance.now(), step: -1 }
  let saved: Awaited<ReturnType<typeof saveCheckpoint>> | null = null
  const checkpoint = async (kind: Checkpoint['kind'], points: Record<string, string> = {}): Promise<void> => {
    phase('checkpoint')
    const began = performance.now()
    recorder.flush()
    const progress: Progress = { step: executor.step, best: selection.best, anchorEvery, keptUnits, gradients: gradients.worst }
    const tensors = executor.read((current) => storedTensors(network, current, config.optimizer))
    if (population) for (const [name, stored] of populationTensors(network, population.refresh())) tensors.set(name, stored)
    const place = { folder: job.checkpointFolder, lastStep: lastCheckpoint.step }
    const written = saveInHome(link, place, (folder) => saveCheckpoint({ folder, lease: job.lease, config }, tensors, progress, points))
    saved = await written.catch((error: unknown) => {
      throw error instanceof NotFinite ? new Diverged(error.message, executor.step, lastCheckpoint.step) : error
    })
    lastCheckpoint = { at: performance.now(), step: executor.step }
    link.report({ kind: 'checkpoint', checkpoint: kind, step: executor.step, createdAt: Date.now(), ...saved })
    log('info', describeWritten(kind, executor.step, { bytes: saved.bytes, took: (performance.now() - began) / 1000 }))
    phase('training')
  }

  /** The metrics recorded by the current evaluation, for the log. */
  let found = new Map<string, number>()
  const record = (key: string, value: number): void => {
    recorder.record(key, executor.step, value)
    found.set(key, value)
  }
  const heldOut = (part: 'test' | 'validation', limit: number) => data.heldOut(part, { batch: EVALUATION_BATCH, limit })
  const testInFull = (): TestFigures | null => evaluateInFull(executor, heldOut('test', 0), config.classes)
  const recordPart = <T extends Evaluation>(part: 'test' | 'validation', result: T | null): T | null => {
    if (!result) return null
    record(`${part}/accuracy`, result.accuracy)
    record(`${part}/loss`, result.loss)
    record(`${part}/images`, result.images)
    return result
  }
  const anchor = (chosen: number, why: string): void => {
    if (chosen === anchorEvery) return
    log('info', `anchoring a state every ${chosen === 1 ? 'unit' : `${chosen} units`}, because ${why}`)
    executor.keep({ anchorEvery: chosen, keptUnits })
    anchorEvery = chosen
  }
  const checkGradients = (batch: HostBatch): void => {
    const { error, before, turned, anchorEvery: chosen } = gradients.check(executor, batch, { anchorEvery, keptUnits })
    anchor(chosen, `reversed gradients had a relative error of ${before?.error.toExponential(1)}`)
    record('reversibility/gradientError', error.error)
    record('reversibility/gradientCosine', error.cosine)
    const worst = gradients.worst!
    // Points are flushed first: the host's row must not be ahead of its series.
    recorder.flush()
    link.report({ kind: 'gradients', worst })
    const remedy = anchorsHelp(worst) ? 'set anchorEvery (a number or auto) or use a smaller h' : 'use a smaller h'
    if (turned) log('warn', `gradients are not trustworthy: ${describeCheck(worst)}; ${remedy}`)
  }
  let warned = false
  const measureReversal = (batch: HostBatch): void => {
    const worstOf = (errors: number[]): number => errors.reduce((a, b) => (Number.isNaN(a) || a > b ? a : b))
    if (config.anchorEvery === 'auto' && !gradients.on) {
      const measured = (every: number): number => worstOf(executor.reconstruct(batch, every))
      const units = Math.max(...network.stages.map((stage) => stage.units))
      const chosen = chooseAnchors(measured, units, stateLimits(config.reconstructionTolerance), anchorEvery)
      if (chosen !== anchorEvery) anchor(chosen, `reconstructed states had a relative error of ${measured(anchorEvery).toExponential(1)}`)
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
    const began = performance.now()
    found = new Map()
    population?.refresh()
    if (plane) link.report({ kind: 'regions', ...plane.regions() })
    const test = recordPart('test', evaluateTest())
    // Always uses the same images, so that values can be compared with earlier ones.
    const validation =
      config.validation > 0 ? recordPart('validation', evaluate(executor, heldOut('validation', config.evaluateImages))) : null
    if (validation) selection.consider(validation, executor.step, checkpointFile(executor.step, job.lease))
    if (gradients.on) checkGradients(batch)
    if (rebuildsActivations(config)) measureReversal(batch)
    for (const series of measured) for (const [key, value] of Object.entries(series.measure(executor))) record(key, value)
    const at = { step: executor.step, stepsPerEpoch: data.stepsPerEpoch, took: (performance.now() - began) / 1000 }
    log('info', describeEvaluation(at, found))
    phase('training')
    return test
  }

  const collectHistograms = (): void => {
    if (!histograms?.isDue(executor.step)) return
    phase('histograms')
    link.report({ kind: 'histograms', ...histograms.measure(executor, { anchorEvery, keptUnits }) })
    phase('training')
  }

  link.report({ kind: 'started', step: executor.step, totalSteps: config.steps, stepsPerEpoch: data.stepsPerEpoch })
  if (gradients.worst) link.report({ kind: 'gradients', worst: gradients.worst })
  phase('training')
  log('info', describeTraining({ step: executor.step, steps: config.steps, stepsPerEpoch: data.stepsPerEpoch, batch: data.batch }))
  if (executor.step === 0) await checkpoint('start')
  if (executor.step === 0) collectHistograms()
  const evaluateEvery = config.evaluateEvery || data.stepsPerEpoch
  const resources = openResourceMeter(job.checkpointFolder)
  let finalTest: TestFigures | null = null
  let outcome: 'finished' | 'stopped' | 'paused' | 'interrupted' = 'finished'

  while (executor.step < config.steps) {
    // Checked here, so that a trainer that resumes at this step after a crash of its host only has to report it.
    if (executor.step === job.pauseAt) {
      outcome = 'paused'
      break
    }
    const begin = performance.now()
    const batch = await data.next()
    const learningRate = learningRateAt(config, executor.step)
    const values = executor.train(batch, learningRate)

    for (const { key } of STEP_METRICS) record(key, values[key]!)
    record('train/learningRate', learningRate)
    const seconds = (performance.now() - begin) / 1000
    record('train/imagesPerSecond', batch.count / seconds)
    for (const [key, value] of Object.entries(resources.sample() ?? {})) record(key, value)
    const bad = STEP_METRICS.find(({ key, diverges }) => diverges !== undefined && !Number.isFinite(values[key]))
    // Before any checkpoint of this step, which must not be ahead of the run's row.
    recorder.stepped(executor.step, seconds)
    if (bad) {
      recorder.flush()
      throw new Diverged(`the ${bad.diverges} is ${values[bad.key]}`, executor.step, lastCheckpoint.step)
    }

    const last = executor.step === config.steps
    const evaluates = last || executor.step % evaluateEvery === 0
    if (!evaluates && gradients.isEarly(executor.step)) checkGradients(batch)
    collectHistograms()
    if (!last && evaluates) {
      evaluateAll(() => evaluate(executor, heldOut('test', config.evaluateImages)), batch)
      if (selection.improved) await checkpoint('best')
      if (selection.exhausted) {
        log('info', `early stopping: no improvement in ${config.earlyStopping} evaluations`)
        batch.release()
        break
      }
    }
    if (last) finalTest = evaluateAll(testInFull, batch)
    batch.release()
    await link.breathe()
    if (link.wanted) {
      outcome = OUTCOMES[link.wanted]
      break
    }
    if (config.checkpointSeconds > 0 && performance.now() - lastCheckpoint.at > config.checkpointSeconds * 1000)
      await checkpoint('schedule')
  }

  recorder.flush()
  const kind = CHECKPOINTS[outcome]
  const points = await pointsToKeep(recorder, link)
  // An existing checkpoint may have been written after the host had died, and then lacks the points that the host did not receive.
  if (lastCheckpoint.step !== executor.step || kind === 'final' || 'points' in points) await checkpoint(kind, points)
  const end = saved as Awaited<ReturnType<typeof saveCheckpoint>> | null
  if (!end) throw new UserError('INTERNAL', 'The run ended without a checkpoint. This is a bug in Retrace; please report it.')
  let reason = outcome === 'paused' && executor.step === job.pauseAt ? describeWait(executor.step, config.steps) : null
  let result: RunResult = {
    testAccuracy: null,
    testLoss: null,
    step: null,
    images: null,
    weightsHash: end.weightsHash,
    seconds: recorder.activeSeconds(),
  }
  if (outcome === 'finished') {
    // The final results are those of the selected checkpoint, which is the last one without a validation split.
    let selected = { file: end.file, step: executor.step }
    if (selection.best && selection.best.step !== executor.step) {
      selected = { file: selection.best.file, step: selection.best.step }
      finalTest = null
      try {
        const best = await readCheckpoint(join(job.checkpointFolder, selection.best.file))
        executor.change((current) => loadInto(network, current, best.file.tensors, 'weights'))
        if (population) executor.evaluateWith(readPopulation(network, best.file.tensors))
      } catch (error) {
        if (!(error instanceof DamagedCheckpoint)) throw error
        // Training is complete, and results of weights that were not selected cannot replace those that are lost.
        reason = describeLostSelection(selected, error)
        log('warn', reason)
      }
    }
    const test = reason === null ? (finalTest ?? testInFull()) : null
    if (test) {
      result = { ...result, testAccuracy: test.accuracy, testLoss: test.loss, step: selected.step, images: test.images }
      link.report({ kind: 'evaluation', ...selected, at: Date.now(), figures: test })
    }
  }
  log('info', describeEnd(outcome, executor.step, result))
  return { outcome, reason, result }
}
