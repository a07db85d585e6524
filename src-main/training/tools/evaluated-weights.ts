import type { RunConfig } from '../../contract/config.js'
import { buildNetwork, type Network } from '../../numeric/network.js'
import { initialState, type TrainingState } from '../../numeric/state.js'
import { loadInto, readCheckpoint } from '../checkpoint.js'
import { reestimates, type Moments } from '../executor.js'
import { readPopulation } from '../population.js'

/** The weights of a checkpoint as used by its run's evaluations. */
export interface EvaluatedWeights {
  config: RunConfig
  network: Network
  /** Without what only training needs. */
  state: TrainingState
  /** Batch norm statistics that replace the running ones; null if the run evaluates with the latter. */
  statistics: Moments | null
  /** Number of updates that they have had. */
  step: number
}

/** @throws UserError DISK when the file is damaged */
export async function readEvaluatedWeights(checkpoint: string): Promise<EvaluatedWeights> {
  const { file, config, progress } = await readCheckpoint(checkpoint)
  const network = buildNetwork(config)
  const state = initialState(network, { ...config, optimizer: 'sgd' })
  loadInto(network, state, file.tensors, 'weights')
  const statistics = reestimates(network, config) ? readPopulation(network, file.tensors) : null
  file.tensors.clear()
  return { config, network, state, statistics, step: progress.step }
}
