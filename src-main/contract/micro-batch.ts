import type { ConfigIssue } from './catalogue.js'
import type { RunConfig } from './config.js'
import { UserError } from './errors.js'

/** Images per step, and the number of micro-batches in which they pass through the network. */
export type BatchConfig = Pick<RunConfig, 'batch' | 'accumulate'>

const divides = ({ batch, accumulate }: BatchConfig): boolean => batch % accumulate === 0

const describe = ({ batch, accumulate }: BatchConfig): string =>
  `must divide the batch size: ${batch} images cannot be split into ${accumulate} equal micro-batches`

/** Why a batch cannot be split into equal micro-batches, by field; empty when it can. */
export const accumulationIssues = (config: BatchConfig): ConfigIssue[] =>
  divides(config)
    ? []
    : [{ path: 'accumulate', message: `${describe(config)}. Choose a divisor of ${config.batch} or another batch size.` }]

/**
 * Images that pass through the network together. They determine a step's memory and the batch norm statistics in training.
 * @throws UserError BAD_INPUT when `accumulate` does not divide `batch`
 */
export function microBatch(config: BatchConfig): number {
  if (!divides(config)) throw new UserError('BAD_INPUT', `accumulate ${describe(config)}.`)
  return config.batch / config.accumulate
}
