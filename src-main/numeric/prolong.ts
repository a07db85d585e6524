import type { NetworkConfig } from '../contract/config.js'
import { hasStepSize, type Network } from './network.js'

/** Values of a parameter or a running statistic. */
export interface Values {
  shape: number[]
  data: Float32Array | Int32Array
}

/** The changes for the network of twice the depth: twice as many units, each with half the step size, over the same time. */
export const twiceAsDeep = ({ h, stages }: Pick<NetworkConfig, 'h' | 'stages'>): Pick<NetworkConfig, 'h' | 'stages'> => ({
  h: h / 2,
  stages: stages.map(({ channels, units }) => ({ channels, units: 2 * units })),
})

/** Why a network cannot be continued at twice the depth, as a sentence; null if it can. */
export function refuseDoubling(network: Network): string | null {
  const { dynamics, config } = network
  if (!hasStepSize(network))
    return `${dynamics.label} has no step size that could be halved: a network of twice as many of its units does not compute nearly the same. Choose a network that integrates with a step size h.`
  return config.unitNorm === 'batch'
    ? 'Batch norm in the units sets the scale of every step, so that half the step size with twice the units does not compute nearly the same. Choose a network with unitNorm none.'
    : null
}

const UNIT = /^(.*\/stage|stage)(\d+)\/unit(\d+)\/(.+)$/

const mean = (a: Values, b: Values): Values => ({
  shape: a.shape,
  data: Float32Array.from(a.data, (value, at) => (value + b.data[at]!) / 2),
})

/**
 * Weights of the network of `twiceAsDeep` (multilevel training, Haber & Ruthotto 2017, section 6; their published code, inter1D.m):
 * parameters are treated as piecewise linear functions of time through the units at t = 0, h, ..., (N-1) h, constant after the last, and
 * evaluated at the steps of h / 2. So new unit 2j - 1 has the parameters of unit j, unit 2j the mean of those of units j and j + 1, and the
 * last two both have those of the last one. Parameters outside the stages are unchanged.
 * @param weights by name, with any prefix before `stageN/unitM/`; the caller must have checked the network with `refuseDoubling`
 */
export function prolong(weights: ReadonlyMap<string, Values>): Map<string, Values> {
  const fine = new Map<string, Values>()
  for (const [name, values] of weights) {
    const [, before, stage, unit, local] = UNIT.exec(name) ?? []
    if (unit === undefined) {
      fine.set(name, values)
      continue
    }
    const at = (index: number): string => `${before}${stage}/unit${index}/${local}`
    const next = weights.get(at(Number(unit) + 1))
    fine.set(at(2 * Number(unit) - 1), values)
    fine.set(at(2 * Number(unit)), next ? mean(values, next) : values)
  }
  return fine
}
