import { totalmem } from 'node:os'
import { dispose } from '@tensorflow/tfjs-core'
import { describeIssues } from '../contract/config-issues.js'
import type { RunConfig } from '../contract/config.js'
import { UserError } from '../contract/errors.js'
import type { LabSource } from '../contract/lab.js'
import { UNTOUCHED } from '../data/augment.js'
import { openCorruptions } from '../data/corruptions.js'
import { openBatches, type HeldOutBatch, type RunBatches } from '../data/batches.js'
import { Normaliser } from '../data/prepare.js'
import type { LabData, LabImages, LabMachine } from '../lab/diagnostic.js'
import { joined } from '../lab/flat.js'
import type { InstrumentContext } from '../lab/instrument.js'
import { buildNetwork, NetworkConfigError, type Network } from '../numeric/network.js'
import { initialState, stateTensors, type TrainingState } from '../numeric/state.js'
import type { Named } from '../numeric/tensors.js'
import { loadInto, readCheckpoint, storedWeights, weightsHash } from './checkpoint.js'
import { momentTensors, reestimates } from './executor.js'
import { readPopulation } from './population.js'
import type { RunData } from './run-data.js'

interface Weights {
  config: RunConfig
  network: Network
  /** The weights of the file, without what only training needs. */
  state: TrainingState
  population: Named | null
}

async function openWeights(source: LabSource): Promise<Weights> {
  const read = source.kind === 'checkpoint' ? await readCheckpoint(source.checkpoint) : null
  const config = source.kind === 'fresh' ? source.config : read!.config
  const network = layOut(config)
  const state = initialState(network, { ...config, optimizer: 'sgd' })
  if (!read) return { config, network, state, population: null }
  const { tensors } = read.file
  loadInto(network, state, tensors, 'weights')
  state.step = read.progress.step
  const population = reestimates(network, config) ? momentTensors(network, readPopulation(network, tensors)) : null
  tensors.clear()
  return { config, network, state, population }
}

function layOut(config: RunConfig): Network {
  try {
    return buildNetwork(config)
  } catch (error) {
    if (error instanceof NetworkConfigError) throw new UserError('BAD_INPUT', describeIssues(error.issues), { cause: error })
    throw error
  }
}

/** The data of a run as seen by diagnostics. */
export function labData(batches: RunBatches, folder: string): LabData {
  const { dataset, trainImages } = batches
  const test = dataset.counts.test
  return {
    sizes: { train: trainImages, validation: dataset.counts.train - trainImages, test },
    sample: sampleOf(batches),
    normalised(pixels) {
      const normaliser = new Normaliser(dataset)
      const values = new Float32Array(normaliser.size)
      normaliser.write(pixels, 0, values, 0, UNTOUCHED)
      return values
    },
    async train() {
      const batch = await batches.next()
      const copy = { images: batch.images.slice(), labels: batch.labels.slice(), count: batch.count }
      batch.release()
      return copy
    },
    async corrupted(copies) {
      const { names, read } = await openCorruptions(copies, folder, dataset)
      return { names, read: (name, severity, limit) => read(name, severity, { batch: HELD_OUT_BATCH, limit }) }
    },
    heldOut: (part, limit) => batches.heldOut(part, { batch: HELD_OUT_BATCH, limit }),
  }
}

/** Batch size for held-out images. */
const HELD_OUT_BATCH = 100

/** The first training images, in an order that depends only on the seed. */
export const sampleOf =
  ({ sample, batch }: Pick<RunData, 'sample' | 'batch'>): LabData['sample'] =>
  (count) =>
    firstImages(sample(Math.ceil(count / batch) * batch), count)

/** Copies the images, because the batches reuse their arrays. Complete batches of training size may have fewer images than requested. */
function firstImages(batches: Iterable<HeldOutBatch>, count: number): LabImages {
  const images: Float32Array[] = []
  const labels: Int32Array[] = []
  let taken = 0
  for (const batch of batches) {
    const size = batch.images.length / batch.count
    const wanted = Math.min(batch.count, count - taken)
    images.push(batch.images.slice(0, wanted * size))
    labels.push(batch.labels.slice(0, wanted))
    taken += wanted
    if (taken >= count) break
  }
  return { images: joined(images, Float32Array), labels: joined(labels, Int32Array), count: taken }
}

/** A network with its data, for diagnostics. */
export interface LabSubject {
  context: InstrumentContext
  /** Hash of parameters and running statistics, which diagnostics must not change. */
  hash(): string
  close(): Promise<void>
}

/**
 * Opens the weights of a checkpoint, or the initial ones of a configuration, and the data of the run.
 * @throws UserError NOT_FOUND, DISK, BAD_INPUT or CONFLICT from reading a checkpoint and opening a data set
 */
export async function openLabSubject(source: LabSource, { speed }: Pick<LabMachine, 'speed'>): Promise<LabSubject> {
  const { config, network, state, population } = await openWeights(source)
  const free = (): void => void dispose([...stateTensors(state), ...Object.values(population ?? {})])
  try {
    const { params, statistics, step } = state
    const { datasetFolder: folder, datasetHash: content = null } = source
    const batches = await openBatches({ folder, config, fromStep: step, worker: null, content })
    const machine = { speed, memoryBytes: totalmem() }
    return {
      context: { network, config, params, statistics, population, step, machine, data: labData(batches, folder) },
      hash: () => weightsHash(storedWeights(network, state)),
      async close() {
        await batches.close()
        free()
      },
    }
  } catch (error) {
    free()
    throw error
  }
}
