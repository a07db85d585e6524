import { describe, expect, test } from 'vitest'
import { NetworkConfigSchema, type NetworkConfig } from '../../src-main/contract/config.js'
import { describeNetwork } from '../../src-main/numeric/describe.js'
import { validateNetwork } from '../../src-main/numeric/validate.js'

const configOf = (changes: Partial<NetworkConfig>): NetworkConfig =>
  NetworkConfigSchema.parse({
    arch: 'hamiltonian',
    classes: 10,
    image: { height: 32, width: 32, channels: 3 },
    stages: [32, 64, 112].map((channels) => ({ channels, units: 2 })),
    ...changes,
  })

const vectors = { maps: 'dense' as const, image: { height: 1, width: 1, channels: 2 }, stages: [{ channels: 8, units: 2 }] }

describe('a network that cannot work is refused by the name of the field', () => {
  test.each<[string, Partial<NetworkConfig>, string[], RegExp]>([
    ['an unknown architecture', { arch: 'hamilton' }, ['arch'], /choose one of .*hamiltonian/],
    ['odd channels for a split', { stages: [{ channels: 33, units: 2 }, { channels: 64, units: 2 }] }, ['stages.0.channels'], /must be even, not 33/], // prettier-ignore
    ['odd channels in two stages', { arch: 'revnet', stages: [{ channels: 15, units: 2 }, { channels: 31, units: 2 }] }, ['stages.0.channels', 'stages.1.channels'], /even/], // prettier-ignore
    ['stages that become narrower', { stages: [{ channels: 32, units: 2 }, { channels: 16, units: 2 }] }, ['stages.1.channels'], /must be at least 32, the channels of the previous stage/], // prettier-ignore
    ['a side that cannot be halved', { image: { height: 30, width: 32, channels: 3 } }, ['image.height'], /multiple of 4, or fewer stages/],
    [
      'too small an image',
      { image: { height: 4, width: 4, channels: 3 } },
      ['image.height', 'image.width'],
      /use at least 8, or fewer stages/,
    ],
    ['a ResNet in reversible mode', { arch: 'resnet', mode: 'reversible' }, ['mode'], /is not reversible; use stored/],
    ['batch norm where it means nothing', { arch: 'revnet', unitNorm: 'batch' }, ['unitNorm'], /always has unit normalisation; use none/],
    ['an option that the network does not have', { damping: 0.1 } as object, ['damping'], /is not a configuration key/],
    ['an option that is missing', { arch: 'antisymmetric', mode: 'stored' }, ['damping'], /is missing/],
    ['an option out of its range', { arch: 'antisymmetric', mode: 'stored', damping: -1 } as object, ['damping'], /from 0 to 100/],
    ['dense maps on images', { maps: 'dense' }, ['maps'], /on vectors, not on images/],
    [
      'a width below the inputs',
      { ...vectors, image: { height: 1, width: 1, channels: 9 } },
      ['stages.0.channels'],
      /at least 9, the number of inputs/,
    ],
    ['batch norm on vectors', { ...vectors, unitNorm: 'batch' }, ['unitNorm'], /dense networks have no unit normalisation/],
    ['a dense stem of convolutions', { denseStem: true }, ['denseStem'], /only dense networks have a dense stem/],
    [
      'a network for spikes in reversible mode',
      { arch: 'spiking', mode: 'reversible', dropout: 0 } as object,
      ['mode'],
      /Spiking ResNet is not reversible; use stored/,
    ],
    ['a ResNet on vectors', { ...vectors, arch: 'resnet', mode: 'stored' }, ['arch'], /does not support dense maps/],
  ])('%s', (_, changes, paths, message) => {
    const issues = validateNetwork(configOf(changes))
    expect(issues.map(({ path }) => path)).toEqual(paths)
    for (const issue of issues) expect(issue.message).toMatch(message)
  })
})

describe('what can work is not', () => {
  test.each<[string, Partial<NetworkConfig>]>([
    ['odd channels without a split', { arch: 'midpoint', stages: [{ channels: 15, units: 2 }, { channels: 31, units: 2 }] }], // prettier-ignore
    ['one channel, another size', { image: { height: 28, width: 20, channels: 1 } }],
    ['eleven channels', { image: { height: 96, width: 96, channels: 11 } }],
    [
      'a single stage on a side that cannot be halved',
      { image: { height: 31, width: 17, channels: 3 }, stages: [{ channels: 8, units: 1 }] },
    ],
    ['vectors', vectors],
    ['images as vectors, behind a dense stem', { maps: 'dense', denseStem: true, stages: [{ channels: 8, units: 2 }] }],
    ['an identity network on vectors, in two stages', { ...vectors, arch: 'identity', projection: false, mode: 'stored', stages: [{ channels: 8, units: 2 }, { channels: 16, units: 2 }] } as Partial<NetworkConfig>], // prettier-ignore
    ['batch norm in the units', { unitNorm: 'batch' }],
  ])('%s', (_, changes) => {
    const config = configOf(changes)
    expect(validateNetwork(config)).toEqual([])
    expect(describeNetwork(config, { batch: 4, accumulate: 1 }).parameters).toBeGreaterThan(0)
  })
})
