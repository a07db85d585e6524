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

/** Images on their way into tensors: NHWC float32, normalised; labels by index of class. */
export interface LabImages {
  images: Float32Array
  labels: Int32Array
  count: number
}

export interface CorruptedImages {
  /** Of the corruptions. */
  names: string[]
  /** The first `limit` test images under a corruption, at a severity from 1 to 5; views that the next one overwrites. */
  read(name: string, severity: number, limit: number): AsyncIterable<LabImages>
}

/** The data that weights are looked at with. Nothing is augmented, but what `train` gives. */
export interface LabData {
  /** Training images in an order that only the seed decides: the first `count` of them, or all where there are fewer. */
  sample(count: number): LabImages
  /** An image as it is stored, uint8 [height, width, channels], as training normalises it. */
  normalised(pixels: Uint8Array): Float32Array
  /** The next batch of training, as the run would have it. */
  train(): Promise<LabImages>
  /** Held-out images in order; views that the next one overwrites. */
  heldOut(part: 'validation' | 'test', limit: number): Iterable<LabImages>
  /**
   * Corrupted copies of the test images, in a folder of this machine as CIFAR-10-C has it.
   * @throws UserError BAD_INPUT when it is another kind of folder, or of other images
   */
  corrupted(folder: string): Promise<CorruptedImages>
  /** Images of each part. */
  sizes: Readonly<Record<'train' | 'validation' | 'test', number>>
}

export interface LabMachine {
  /** Of training steps; null where it was never measured. */
  speed: Speed | null
  memoryBytes: number
}

/** What a diagnostic is asked about, before anything is computed. */
export interface LabTarget {
  network: Network
  config: RunConfig
  machine: LabMachine
}

/** What a diagnostic works on. Parameters and statistics are looked at and never changed or freed. */
export interface LabContext<Options> extends LabTarget {
  params: Named
  /** The running statistics of the batch norms. */
  statistics: Named
  /** The statistics that the run's evaluations normalise by, where they are estimated anew and the weights came with them. */
  population: Named | null
  /** Updates that the weights have had. */
  step: number
  data: LabData
  options: Options
}

export interface LabProgress {
  message: string
  /** 0 to 1, where it is known. */
  fraction?: number
}

/** Forward passes of so many images through the network that the work amounts to, for the estimate of time. */
export interface LabWork {
  passes: number
  images: number
}

export interface Definition<Q extends Quantities, O extends OptionSchemas> {
  id: string
  title: string
  /** Under which heading it is listed. */
  section: LabSection
  /** Its place there: the lowest comes first. */
  rank: number
  /** What it answers, as a question. */
  question: string
  /** What its answer does not say. */
  limits: string
  quantities: Q
  /** Made with `field()`, each with a default. */
  options: O
  work(target: LabTarget, options: OptionsOf<O>): LabWork
  /** Why it cannot be asked of this network, as a sentence; null where it can. */
  refuse(target: LabTarget, options: OptionsOf<O>): string | null
  /** Tensors that it makes are freed when it ends; in loops it frees them itself. */
  run(context: LabContext<OptionsOf<O>>, findings: Findings<Q>): AsyncGenerator<LabProgress, void, void>
}

/** A diagnostic whose own types nobody has to know. */
export type Diagnostic = Definition<Quantities, OptionSchemas>

/** Checks a definition by its own types and hands it on as any diagnostic. */
export const defineDiagnostic = <Q extends Quantities, O extends OptionSchemas>(definition: Definition<Q, O>): Diagnostic =>
  definition as unknown as Diagnostic
