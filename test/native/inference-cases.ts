import type { NetworkConfig } from '../../src-main/contract/config.js'
import { unitNormsOf, type Network } from '../../src-main/numeric/network.js'
import { infer } from '../../src-main/numeric/pass.js'
import { allDynamics } from '../../src-main/numeric/registry.js'
import { initialState, type TrainingState } from '../../src-main/numeric/state.js'
import { disposeState, networkOf, normalTensor, optionsOf, tf } from './support.js'

const BATCH = 3

/**
 * Every dynamics with every kind of map, norm, shortcut and start that it supports, and without norms at its edges or zero-padding in its
 * stem.
 */
export const INFERENCES: [name: string, config: Partial<NetworkConfig> & Pick<NetworkConfig, 'arch'>][] = allDynamics().flatMap(
  ({ id: arch, dense, twoStep, ...dynamics }) => {
    const starts = twoStep ? (['zero', 'rest'] as const) : (['rest'] as const)
    const convolutions = unitNormsOf({ ...dynamics } as Parameters<typeof unitNormsOf>[0]).map((unitNorm) => ({ unitNorm }))
    const variants: Partial<NetworkConfig>[] = [
      ...convolutions,
      { edgeNorm: 'none' },
      ...('projection' in optionsOf(arch) ? [{ projection: true } as Partial<NetworkConfig>] : []),
      ...(dense ? ([{ maps: 'dense' }, { maps: 'dense', denseStem: true, image: { height: 2, width: 2, channels: 3 } }] as const) : []),
    ]
    return starts.flatMap((start) =>
      variants.map((variant): [string, Partial<NetworkConfig> & Pick<NetworkConfig, 'arch'>] => {
        const name = [
          arch,
          ...Object.entries({ ...variant, start }).map(([key, value]) => `${key}-${typeof value === 'object' ? 'small' : value}`),
        ].join('_')
        return [name, { arch, start, ...variant }]
      }),
    )
  },
)

export interface Inference {
  network: Network
  state: TrainingState
  /** Statistics as after training. */
  statistics: Record<string, tf.Tensor>
  /** [batch, height, width, channels] */
  images: tf.Tensor
  logits: tf.Tensor
  dispose(): void
}

/** A small network with random weights and statistics, images, and its logits. */
export function inferenceOf({ maps = 'convolution', ...config }: Partial<NetworkConfig> & Pick<NetworkConfig, 'arch'>): Inference {
  const image = maps === 'dense' ? { height: 1, width: 1, channels: 2 } : { height: 8, width: 8, channels: 3 }
  const stages = [
    { channels: 4, units: 2 },
    { channels: 8, units: 2 },
  ]
  const network = networkOf({ maps, image, stages, h: 0.4, classes: 5, mode: 'stored', ...config })
  const state = initialState(network, { seed: 2, optimizer: 'sgd' })
  // Biases and factors differ from their initial values, so that errors in them show.
  for (const [name, tensor] of Object.entries(state.params))
    if (tensor.rank === 1) {
      state.params[name] = tf.tidy(() => tf.add(tensor, tf.mul(normalTensor(tensor.shape, name), 0.2)))
      tensor.dispose()
    }
  const statistics = Object.fromEntries(
    Object.entries(state.statistics).map(([name, { shape }]) => [
      name,
      tf.tidy(() => (name.endsWith('variance') ? tf.add(tf.abs(normalTensor(shape, name)), 0.5) : normalTensor(shape, name))),
    ]),
  )
  const { height, width, channels } = network.config.image
  const images = normalTensor([BATCH, height, width, channels], 'images')
  const logits = tf.tidy(() => infer(network, state.params, statistics, images))
  const dispose = (): void => {
    tf.dispose([images, logits, ...Object.values(statistics)])
    disposeState(state)
  }
  return { network, state, statistics, images, logits, dispose }
}
