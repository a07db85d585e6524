import { div, mul, tidy, type Tensor } from '@tensorflow/tfjs-core'
import type { Network } from '../network.js'
import { head, stageSweep, stem, transition, type Pass } from '../pass.js'
import { allDynamics } from '../registry.js'
import { advance, type BoundSubstep } from '../reversible-sweep.js'
import type { Named } from '../tensors.js'

/** One layer of neurons. */
export interface SpikingLayer {
  /** Name of the kernel before it. */
  name: string
  /** Whether it starts a branch, which the output of the previous layer bypasses to a junction. */
  branch: boolean
}

export interface PassOptions {
  /** Weight of the identity path past the branch that a layer starts, if all spikes are as high as their thresholds; 1 if absent. */
  identity?(layer: number): number
  /** The last layer that is needed: the pass may end after it. */
  upTo?: number
}

/** A network with its activation as a parameter: ReLU makes it the analog network, neurons the spiking one. */
export interface OpenNetwork {
  /** In the order of a pass. */
  layers: readonly SpikingLayer[]
  /** Logits, or null if it ended earlier; owned by the caller. */
  pass(x: Tensor, activate: (layer: number, input: Tensor) => Tensor, options?: PassOptions): Tensor | null
}

/** Why the activations of a network cannot be replaced by spiking neurons, as a sentence with the remedy; null if they can. */
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

/** A network accepted by `refuseConversion`, with its activation as a parameter. Parameters are not changed or freed. */
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
    /**
     * State and pass of a unit: the state is multiplied by the weight of the identity path, and the kernel of its branch compensates for
     * it.
     */
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
