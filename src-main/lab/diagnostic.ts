import type { z } from 'zod'
import type { OptionValue, RunConfig } from '../contract/config.js'
import type { LabSection } from '../contract/lab.js'
import type { Speed } from '../numeric/describe.js'
import type { Network } from '../numeric/network.js'
import type { Named } from '../numeric/tensors.js'
import type { Findings } from './findings.js'
import type { Quantities } from './quantities.js'

export type OptionSchemas = Readonly<Record<string, z.ZodType<OptionValue>>>
export type OptionsOf<O extends OptionSchemas> = { readonly [Key in keyof O]: z.infer<O[Key]> }

/** Images before their conversion to tensors: NHWC float32, normalised; labels by class index. */
export interface LabImages {
  images: Float32Array
  labels: Int32Array
  count: number
}

export interface CorruptedImages {
  /** Names of the corruptions. */
  names: string[]
  /** The first `limit` test images under a corruption, at a severity from 1 to 5; the views are overwritten by the next batch. */
  read(name: string, severity: number, limit: number): AsyncIterable<LabImages>
}

/** The data for examining weights. Only `train` augments them. */
export interface LabData {
  /** The first `count` training images in an order that depends only on the seed, or all if there are fewer. */
  sample(count: number): LabImages
  /** A stored image, uint8 [height, width, channels], normalised as in training. */
  normalised(pixels: Uint8Array): Float32Array
  /** The next training batch, as in the run. */
  train(): Promise<LabImages>
  /** Held-out images in order; the views are overwritten by the next batch. */
  heldOut(part: 'validation' | 'test', limit: number): Iterable<LabImages>
  /**
   * Corrupted copies of the test images, in a folder of this machine in the format of CIFAR-10-C.
   * @throws UserError BAD_INPUT when it is another kind of folder, or contains other images
   */
  corrupted(folder: string): Promise<CorruptedImages>
  /** Number of images in each part. */
  sizes: Readonly<Record<'train' | 'validation' | 'test', number>>
}

export interface LabMachine {
  /** Speed of training steps; null if it was never measured. */
  speed: Speed | null
  memoryBytes: number
}

/** The subject of a diagnostic, before anything is computed. */
export interface LabTarget {
  network: Network
  config: RunConfig
  machine: LabMachine
}

/** The input of a diagnostic. It reads parameters and statistics and must never change or free them. */
export interface LabContext<Options> extends LabTarget {
  params: Named
  /** The running statistics of the batch norms. */
  statistics: Named
  /** The statistics used by the run's evaluations, if they are re-estimated and stored with the weights. */
  population: Named | null
  /** Number of updates that the weights have had. */
  step: number
  data: LabData
  options: Options
}

export interface LabProgress {
  message: string
  /** 0 to 1, if known. */
  fraction?: number
}

/** The work in units of forward passes of the given number of images through the network, for the time estimate. */
export interface LabWork {
  passes: number
  images: number
}

export interface Definition<Q extends Quantities, O extends OptionSchemas> {
  id: string
  title: string
  /** The heading under which it is listed. */
  section: LabSection
  /** Its position under the heading, in ascending order. */
  rank: number
  /** The question that it answers. */
  question: string
  /** The limits of its answer. */
  limits: string
  quantities: Q
  /** Created with `field()`, each with a default. */
  options: O
  work(target: LabTarget, options: OptionsOf<O>): LabWork
  /** Why it does not apply to this network, as a sentence; null if it does. */
  refuse(target: LabTarget, options: OptionsOf<O>): string | null
  /** Its tensors are freed when it ends; in loops it has to free them itself. */
  run(context: LabContext<OptionsOf<O>>, findings: Findings<Q>): AsyncGenerator<LabProgress, void, void>
}

/** A diagnostic with its own types erased. */
export type Diagnostic = Definition<Quantities, OptionSchemas>

/** Type-checks a definition and returns it as a generic diagnostic. */
export const defineDiagnostic = <Q extends Quantities, O extends OptionSchemas>(definition: Definition<Q, O>): Diagnostic =>
  definition as unknown as Diagnostic
