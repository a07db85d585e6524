import { RunConfigSchema, type NetworkConfig, type OptionValue, type RunConfig } from '../../../src-main/contract/config.js'
import type { LabOptions, LabTable } from '../../../src-main/contract/lab.js'
import { numberOf } from '../../../src-main/contract/lab.js'
import type { Diagnostic, LabContext, LabData, LabImages } from '../../../src-main/lab/diagnostic.js'
import { completeOptions } from '../../../src-main/lab/complete-options.js'
import { runDiagnostic, type Measured } from '../../../src-main/lab/run.js'
import { buildNetwork, type Network } from '../../../src-main/numeric/network.js'
import { randomFor } from '../../../src-main/numeric/random.js'
import { initialState, type TrainingState } from '../../../src-main/numeric/state.js'
import { storedWeights, weightsHash } from '../../../src-main/training/checkpoint.js'
import { disposeState, optionsOf, tf } from '../support.js'

export interface Subject {
  network: Network
  config: RunConfig
  state: TrainingState
  data: LabData
}

type Overrides = Partial<RunConfig> & Pick<NetworkConfig, 'arch' | 'stages'>

/** A network with initial weights, and images of normally distributed numbers. */
export function subjectOf(overrides: Overrides, { count = 40 } = {}): Subject {
  const config = RunConfigSchema.parse({
    preset: 'made-up',
    dataset: 'made-up',
    classes: 5,
    image: { height: 8, width: 8, channels: 3 },
    ...optionsOf(overrides.arch),
    ...overrides,
  })
  const network = buildNetwork(config)
  return { config, network, state: initialState(network, config), data: madeUpData(config, count) }
}

/** Each class has images around a centre of its own. */
export function madeUpData({ image, classes, batch }: RunConfig, count: number): LabData {
  const size = image.height * image.width * image.channels
  const make = (purpose: string, many: number): LabImages => {
    const random = randomFor(1, `lab/${purpose}`)
    const centres = Array.from({ length: classes * size }, () => random.normal())
    const labels = Int32Array.from({ length: many }, (_, i) => i % classes)
    const images = Float32Array.from(
      { length: many * size },
      (_, at) => centres[labels[Math.floor(at / size)]! * size + (at % size)]! + 0.5 * random.normal(),
    )
    return { images, labels, count: many }
  }
  const all = make('train', count)
  const first = (from: LabImages, many: number): LabImages => ({
    images: from.images.slice(0, many * size),
    labels: from.labels.slice(0, many),
    count: Math.min(many, from.count),
  })
  return {
    sizes: { train: count, validation: 0, test: count },
    sample: (many) => first(all, Math.min(many, count)),
    normalised: (pixels) => Float32Array.from(pixels, (value) => value / 255),
    train: async () => first(all, Math.min(batch, count)),
    corrupted: () => Promise.reject(new Error('there are no corrupted images')),
    *heldOut(_part, limit) {
      yield first(all, Math.min(limit || count, count))
    },
  }
}

/** Replaces the values of parameters. */
export function setParameters(
  { state }: Pick<Subject, 'state'>,
  values: Record<string, readonly number[] | readonly (readonly number[])[]>,
): void {
  for (const [name, value] of Object.entries(values)) {
    const before = state.params[name]
    if (!before) throw new Error(`there is no ${name}`)
    state.params[name] = tf.tensor(value as number[], before.shape)
    before.dispose()
  }
}

/** Vectors instead of images, the same for every request. */
export const dataOf = (values: readonly (readonly number[])[]): LabData => {
  const images: LabImages = { images: Float32Array.from(values.flat()), labels: new Int32Array(values.length), count: values.length }
  return {
    sizes: { train: values.length, validation: 0, test: values.length },
    sample: () => images,
    normalised: (pixels) => Float32Array.from(pixels),
    train: async () => images,
    corrupted: () => Promise.reject(new Error('there are no corrupted images')),
    *heldOut() {
      yield images
    },
  }
}

/** Runs a diagnostic to its end; it must not change the weights, nor leave any tensor. */
export async function run(diagnostic: Diagnostic, subject: Subject, options: LabOptions = {}): Promise<Measured> {
  const { network, config, state, data } = subject
  const hash = (): string => weightsHash(storedWeights(network, state))
  const [before, tensors] = [hash(), tf.memory().numTensors]
  const context: LabContext<Record<string, OptionValue>> = {
    network,
    config,
    params: state.params,
    statistics: state.statistics,
    population: null,
    step: state.step,
    data,
    machine: { speed: null, memoryBytes: 4 * 2 ** 30 },
    options: completeOptions(diagnostic, options),
  }
  const running = runDiagnostic(diagnostic, context)
  let next = await running.next()
  while (!next.done) next = await running.next()
  if (hash() !== before) throw new Error('the diagnostic has changed the weights')
  if (tf.memory().numTensors !== tensors) throw new Error(`the diagnostic left ${tf.memory().numTensors - tensors} tensors`)
  return next.value
}

/** The numbers of a column. */
export const column = ({ tables }: Pick<Measured, 'tables'>, table: string, key: string): number[] =>
  cells({ tables }, table, key).map(numberOf)

export function cells({ tables }: Pick<Measured, 'tables'>, table: string, key: string): LabTable['columns'][number]['values'] {
  const found = tables.find((each) => each.key === table)?.columns.find((each) => each.key === key)
  if (!found) throw new Error(`there is no column ${key} in ${table}`)
  return found.values
}

export const said = ({ summary }: Pick<Measured, 'summary'>, key: string): number =>
  numberOf(summary.find((each) => each.key === key)?.value)

export const close = ({ state }: Pick<Subject, 'state'>): void => disposeState(state)
