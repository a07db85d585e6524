import type { LayerNorm } from '../contract/evaluations.js'

interface Values {
  shape: number[]
  data: Float32Array
}

/** Square root of the sum of squares, summed in double precision. */
function frobenius({ data }: Values): number {
  let sum = 0
  for (const value of data) sum += value * value
  return Math.sqrt(sum)
}

function distance({ data: a }: Values, { data: b }: Values): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!
    sum += difference * difference
  }
  return Math.sqrt(sum)
}

const NAME = /^stage(\d+)\/unit(\d+)\/(.+)$/

/**
 * Norms of a network's parameters over its depth: the Frobenius norm |K[j]| of each, and its change from one unit of a stage to the next,
 * |K[j+1] - K[j]|, which weight smoothness (Chang et al. 2018) penalises and which makes a deep network a discretised differential
 * equation.
 * @param parameters by name, in the order of the network; yields after each, so that the caller can let other work run
 */
export function* layerNorms(parameters: ReadonlyMap<string, Values>): Generator<LayerNorm> {
  for (const [name, values] of parameters) {
    const [, stage, unit, role = name] = NAME.exec(name) ?? []
    const next = stage === undefined ? undefined : parameters.get(`stage${stage}/unit${Number(unit) + 1}/${role}`)
    yield {
      name,
      role,
      stage: stage === undefined ? null : Number(stage),
      unit: unit === undefined ? null : Number(unit),
      shape: values.shape,
      norm: frobenius(values),
      change: next && String(next.shape) === String(values.shape) ? distance(next, values) : null,
    }
  }
}
