import type { RunConfig } from '../../contract/config.js'
import type { WeightNorms } from '../../contract/evaluations.js'

/** Files of weights, by absolute path. */
export interface Weights {
  /** @throws UserError when the file is damaged or does not fit the network of the configuration */
  check(path: string, config: RunConfig): Promise<void>
  /** Writes only the weights of a checkpoint to a file. @returns the number of bytes written */
  export(checkpoint: string, target: string, overwrite: boolean): Promise<number>
  /** Norms of the weights of a checkpoint. @throws UserError when the file is damaged */
  norms(checkpoint: string): Promise<WeightNorms['layers']>
}
