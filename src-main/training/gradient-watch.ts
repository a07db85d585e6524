import { dispose, tensor } from '@tensorflow/tfjs-core'
import { rebuildsActivations, type RunConfig } from '../contract/config.js'
import { gradientVerdict, worseCheck, type GradientCheck } from '../contract/gradients.js'
import { microBatch } from '../contract/micro-batch.js'
import { activationBytes } from '../numeric/describe.js'
import { openGradientComparison, type GradientError } from '../numeric/gradient-error.js'
import type { Network } from '../numeric/network.js'
import { chooseAnchors, gradientLimits } from './anchors.js'
import { feeds, type Executor, type KeepOptions } from './executor.js'
import type { HostBatch } from './run-data.js'

/** Additional checks besides those at evaluations: an inversion that fails does so immediately, or within a few updates. */
const EARLY = [1, 10]

/** Maximum number of images of a check, because stored gradients need all activations. */
const MOST_IMAGES = 8

/** The number of images for which stored gradients fit into the memory that a reversible step needs anyway, but at least one. */
function gradientImages(network: Network, batch: number): number {
  const held = activationBytes(network, batch).reversible ?? 0
  return Math.max(1, Math.min(MOST_IMAGES, batch, Math.floor(held / activationBytes(network, 1).stored)))
}

/** The result of one check. */
export interface Checked {
  /** Error with the anchors used from now on. */
  error: GradientError
  anchorEvery: number
  /** Error with the previous anchors, if they have changed. */
  before: GradientError | null
  /** Whether there were no stored gradients to compare with, so that anchors cannot be chosen. */
  vanished: boolean
  /** Whether this check made the gradients of the run not trustworthy. */
  turned: boolean
}

/**
 * Compares reversed with stored gradients on a few images of a batch during a run, computed eagerly, and keeps the worst result. It reads
 * the state and does not change it.
 */
export class GradientWatch {
  /** The worst check so far; null before the first. */
  worst: GradientCheck | null = null
  private readonly images: number

  constructor(
    private readonly network: Network,
    private readonly config: RunConfig,
  ) {
    this.images = gradientImages(network, microBatch(config))
  }

  /** Whether there is anything to check. */
  get on(): boolean {
    return rebuildsActivations(this.config) && this.config.gradientTolerance > 0
  }

  /** Whether a check is due after this many updates, independently of evaluations. */
  isEarly(step: number): boolean {
    return this.on && EARLY.includes(step)
  }

  /**
   * Measures the gradient error of the current state. With `anchorEvery: auto`, it chooses the anchors accordingly, which the caller puts
   * into effect.
   * @param keep the current options
   */
  check(executor: Executor, batch: HostBatch, keep: KeepOptions): Checked {
    const { network, config } = this
    const trusted = this.worst === null || gradientVerdict(this.worst) === 'ok'
    const checked = executor.read((state): Omit<Checked, 'turned'> => {
      const count = Math.min(this.images, batch.count)
      const { images } = feeds.reconstruct(network, batch, count)
      const labels = tensor(batch.labels.slice(0, count), [count], 'int32')
      const comparison = openGradientComparison(network, state, { images, labels }, config.labelSmoothing)
      const known = new Map<number, GradientError>()
      const measure = (anchorEvery: number): GradientError => {
        const found = known.get(anchorEvery) ?? comparison.measure({ ...keep, anchorEvery })
        known.set(anchorEvery, found)
        return found
      }
      try {
        const before = measure(keep.anchorEvery)
        const { vanished } = comparison
        if (config.anchorEvery !== 'auto' || vanished) return { error: before, anchorEvery: keep.anchorEvery, before: null, vanished }
        const units = Math.max(...network.stages.map((stage) => stage.units))
        const limits = gradientLimits(config.gradientTolerance)
        const anchorEvery = chooseAnchors((every) => measure(every).error, units, limits, keep.anchorEvery)
        return { error: measure(anchorEvery), anchorEvery, before: anchorEvery === keep.anchorEvery ? null : before, vanished }
      } finally {
        comparison.dispose()
        dispose([images, labels])
      }
    })
    // If the first check corrects the anchors, only the first update can have used the previous ones, so that it is not recorded.
    if (checked.before && executor.step > EARLY[0]!) this.note(checked.before, executor.step)
    const worst = this.note(checked.error, executor.step, checked.vanished)
    return { ...checked, turned: trusted && gradientVerdict(worst) === 'not trustworthy' }
  }

  private note({ error, parameter, cosine }: GradientError, step: number, vanished = false): GradientCheck {
    const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
    const check: GradientCheck = { step, parameter, error: finite(error), cosine: finite(cosine), tolerance: this.config.gradientTolerance }
    if (Number.isNaN(error)) check.cause = vanished ? 'vanished' : 'not finite'
    return (this.worst = worseCheck(this.worst, check))
  }
}
