import type { RunConfig } from '../../contract/config.js'
import { buildNetwork, type Network } from '../../numeric/network.js'
import { initialState, type TrainingState } from '../../numeric/state.js'
import { loadInto, readCheckpoint } from '../checkpoint.js'
import { reestimates, type Moments } from '../executor.js'
import { readPopulation } from '../population.js'

/** The weights of a checkpoint as the evaluations of its run use them. */
export interface EvaluatedWeights {
  config: RunConfig
  network: Network
  /** What only training needs stays in the file. */
  state: TrainingState
  /** Statistics of the batch norms in place of the running ones; null where the run evaluates with those. */
  statistics: Moments | null
  /** Updates that they have had. */
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
