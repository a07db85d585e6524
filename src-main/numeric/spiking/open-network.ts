import { div, mul, tidy, type Tensor } from '@tensorflow/tfjs-core'
import type { Network } from '../network.js'
import { head, stageSweep, stem, transition, type Pass } from '../pass.js'
import { allDynamics } from '../registry.js'
import { advance, type BoundSubstep } from '../reversible-sweep.js'
import type { Named } from '../tensors.js'

/** One layer of neurons. */
export interface SpikingLayer {
  /** Of the kernel in front of it. */
  name: string
  /** Whether it begins a branch beside which the layer before goes on to a junction. */
  branch: boolean
}

export interface PassOptions {
  /** Weight of the identity path past the branch that a layer begins, where all spikes are as high as their thresholds; 1 if absent. */
  identity?(layer: number): number
  /** The last layer that is wanted: the pass may end behind it. */
  upTo?: number
}

/** A network whose activation is left open: ReLU makes it the analog network, neurons the spiking one. */
export interface OpenNetwork {
  /** In the order in which a pass reaches them. */
  layers: readonly SpikingLayer[]
  /** Logits, or null where it ended earlier; the caller's. */
  pass(x: Tensor, activate: (layer: number, input: Tensor) => Tensor, options?: PassOptions): Tensor | null
}

/** Why spiking neurons cannot stand in for the activations of a network, as a sentence with the remedy; null where they can. */
export function refuseConversion({ dynamics, config }: Pick<Network, 'dynamics' | 'config'>): string | null {
  if (!dynamics.spiking) {
    const able = allDynamics().filter(({ spiking }) => spiking)
    return `${dynamics.label} networks cannot be converted to spiking neurons: their states are signed, and a rate of spikes is not. Convert ${able.map(({ label }) => label).join(', ')} networks (arch ${able.map(({ id }) => id).join(', ')}).`
  }
  if (config.edgeNorm === 'batch' && config.maps === 'convolution')
    return 'This network has batch norm in its stem and head, which spiking neurons do not have: train one with edgeNorm none.'
  if (config.unitNorm === 'batch')
    return 'This network has batch norm in its units, which spiking neurons do not have: train one with unitNorm none.'
  if (config.activation !== 'relu')
    return `Spiking neurons stand in for ReLU, and the activation of this network is ${config.activation}: train one with activation relu.`
  return null
}

/** A network that `refuseConversion` has nothing against, with its activation left open. Parameters are not changed or freed. */
export function openNetwork(network: Network, params: Named): OpenNetwork {
  const { dynamics, config, stages, linear } = network
  const { layers: roles, identity: junctions } = dynamics.spiking!
  const layersOf = (substep: BoundSubstep): SpikingLayer[] =>
    roles.map((role, at) => ({ name: substep.params[role]!, branch: junctions && at === 0 }))
  const stemOf = linear.id === 'convolution' ? 'stem/kernel' : config.denseStem ? 'stem/dense/kernel' : null
  const layers = [
    ...(stemOf ? [{ name: stemOf, branch: false }] : []),
    ...stages.flatMap(({ entrance, substeps }) => [...(entrance?.substeps ?? []), ...substeps].flatMap(layersOf)),
  ]
  const pass: OpenNetwork['pass'] = (x, activate, { identity = () => 1, upTo = Infinity } = {}) => {
    let reached = 0
    const open: Pass = { network, params, statistics: {}, training: false, moved: new Map(), activation: (z) => activate(reached++, z) }
    /** State and pass of a unit: the state enters larger by the weight of the identity, and the kernel of its branch takes that back. */
    const weighted = (state: Tensor, [substep]: readonly BoundSubstep[]): [Tensor, Pass] => {
      const weight = junctions ? identity(reached) : 1
      if (weight === 1) return [state, open]
      const name = substep!.params[roles[0]!]!
      return [mul(state, weight), { ...open, params: { ...params, [name]: div(params[name]!, weight) } }]
    }
    return tidy((() => {
      let state = stem(open, x, false)
      for (const [index, stage] of stages.entries()) {
        if (reached > upTo) return null
        const [entering, first] = stage.entrance ? weighted(state, stage.entrance.substeps) : [state, open]
        state = transition(first, index, entering, false)
        for (const substep of stage.substeps) {
          if (reached > upTo) return null
          const [before, own] = weighted(state, [substep])
          state = advance(stageSweep(own, stage), substep, [before, before], false)[1]
        }
      }
      return head(open, state, false)
    }) as () => Tensor) as Tensor | null
  }
  return { layers, pass }
}
