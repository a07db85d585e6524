/** Names of the variables that a compiled executor keeps in TensorFlow's session, and conversions from and to state and sums. */
import { clone } from '@tensorflow/tfjs-core'
import type { GradientSums } from '../numeric/accumulation.js'
import type { Network } from '../numeric/network.js'
import type { TrainingState } from '../numeric/state.js'
import type { Named } from '../numeric/tensors.js'

const named = (prefix: string, tensors: Named): Named =>
  Object.fromEntries(Object.entries(tensors).map(([name, value]) => [`${prefix}${name}`, value]))

export const statisticVariables = ({ statistics }: Pick<TrainingState, 'statistics'>): Named => named('stats/', statistics)

/** The variables of a state by their checkpoint names: params/*, stats/*, and each slot of the optimizer. */
export const variablesOf = (state: TrainingState): Named => ({
  ...named('params/', state.params),
  ...statisticVariables(state),
  ...state.slots,
})

/** The training state from its variables. */
export function stateOf(values: Named, step: number): TrainingState {
  const state: TrainingState = { params: {}, statistics: {}, slots: {}, step }
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith('params/')) state.params[name.slice('params/'.length)] = value
    else if (name.startsWith('stats/')) state.statistics[name.slice('stats/'.length)] = value
    else state.slots[name] = value
  }
  return state
}

const SUMS = 'sums'
export const sumVariables = ({ crossEntropy, gradients, measured }: GradientSums): Named => ({
  ...named(`${SUMS}/`, gradients),
  ...named(`${SUMS}/measured/`, measured),
  [`${SUMS}/crossEntropy`]: crossEntropy,
})
/** Sums are zero between steps: nothing outside the session needs them. */
export const isOfState = (name: string): boolean => !name.startsWith(`${SUMS}/`)

/** Names of the variables that are stacked into one in the session: a stage's parameters of one role, their slots and sums. */
export function stacksOf({ groups }: Network, variables: Named): string[][] {
  const shared = groups.map(({ names }) => names).filter((names) => names.length > 1)
  const prefixes = new Set(Object.keys(variables).map((name) => name.slice(0, name.indexOf('/'))))
  prefixes.delete('stats')
  return [...prefixes].flatMap((prefix) => shared.map((names) => names.map((name) => `${prefix}/${name}`)))
}

const cloned = (tensors: Named): Named => Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, clone(value)]))

/** A copy of the state, for a captured run, which would otherwise modify the actual values. */
export const cloneState = ({ params, statistics, slots, step }: TrainingState): TrainingState => ({
  params: cloned(params),
  statistics: cloned(statistics),
  slots: cloned(slots),
  step,
})
export const cloneSums = ({ crossEntropy, gradients, measured }: GradientSums): GradientSums => ({
  crossEntropy: clone(crossEntropy),
  gradients: cloned(gradients),
  measured: cloned(measured),
})
