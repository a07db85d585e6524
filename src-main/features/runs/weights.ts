import type { Dataset } from '../../contract/datasets.js'
import type { RunConfig } from '../../contract/config.js'
import type { WeightNorms } from '../../contract/evaluations.js'

/** Files of weights, by absolute path. */
export interface Weights {
  /** @throws UserError when the file is damaged or does not fit the network of the configuration */
  check(path: string, config: RunConfig): Promise<void>
  /**
   * Replaces a file of weights by the weights of the network of twice the depth (numeric/prolong.ts). Hard links to the original file keep
   * its content.
   * @throws UserError when the file is damaged
   */
  double(path: string): Promise<void>
  /** Writes only the weights of a checkpoint to a file. @returns the number of bytes written */
  export(checkpoint: string, target: string, overwrite: boolean): Promise<number>
  /**
   * Writes the network of a checkpoint to a file as an ONNX model. @returns the number of bytes written
   * @param dataset the data set of its run, if it is still there: how images are normalised, and the names of the classes
   * @throws UserError when the file is damaged or cannot be written, or the engine cannot record a network
   */
  exportOnnx(checkpoint: string, target: string, options: { overwrite: boolean; dataset: Dataset | null }): Promise<number>
  /** Norms of the weights of a checkpoint. @throws UserError when the file is damaged */
  norms(checkpoint: string): Promise<WeightNorms['layers']>
}
