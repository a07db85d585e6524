import { expect, test } from 'vitest'
import { NetworkConfigSchema, type NetworkConfig } from '../../src-main/contract/config.js'
import { buildNetwork, modesOf } from '../../src-main/numeric/network.js'
import { defaultOptions } from '../../src-main/numeric/options.js'
import { prolong, refuseDoubling, twiceAsDeep } from '../../src-main/numeric/prolong.js'
import { allDynamics } from '../../src-main/numeric/registry.js'

const networkOf = (changes: Partial<NetworkConfig> & Pick<NetworkConfig, 'arch'>) =>
  buildNetwork(
    NetworkConfigSchema.parse({
      classes: 3,
      image: { height: 8, width: 8, channels: 3 },
      stages: [
        { channels: 4, units: 3 },
        { channels: 8, units: 2 },
      ],
      ...changes,
    }),
  )

test('weights are interpolated between the units, and constant after the last', () => {
  const shape = [2]
  // Golden values: inter1D.m of the published code, confirmed by hand.
  const coarse = [
    [1, -2],
    [3, 0.5],
    [2, 4],
  ]
  const fine = [
    [1, -2],
    [2, -0.75],
    [3, 0.5],
    [2.5, 2.25],
    [2, 4],
    [2, 4],
  ]
  const weights = new Map(
    coarse.map((values, at) => [`params/stage2/unit${at + 1}/kernel`, { shape, data: Float32Array.from(values) }] as const),
  )
  const head = { shape: [1], data: Float32Array.of(7) }
  const found = prolong(new Map([...weights, ['params/head/dense/bias', head]]))
  expect(found.get('params/head/dense/bias')).toBe(head)
  expect(fine.map((_, at) => [...found.get(`params/stage2/unit${at + 1}/kernel`)!.data])).toEqual(fine)
  expect(found.size).toBe(7)
})

test('every dynamics with a step size gets exactly the parameters of the network of twice the depth; the others are refused', () => {
  for (const dynamics of allDynamics()) {
    const config = { arch: dynamics.id, mode: modesOf(dynamics)[0]!, ...defaultOptions(dynamics) }
    const network = networkOf(config)
    const refusal = refuseDoubling(network)
    if (refusal !== null) {
      expect(refusal).toMatch(/no step size that could be halved/)
      continue
    }
    const weights = new Map(network.parameters.map(({ name, shape }) => [name, { shape, data: new Float32Array(1) }]))
    const deep = networkOf({ ...config, ...twiceAsDeep(network.config) })
    expect([...prolong(weights).keys()].sort()).toEqual(deep.parameters.map(({ name }) => name).sort())
    expect(deep.config.h * deep.config.stages[0]!.units).toBe(network.config.h * network.config.stages[0]!.units)
  }
  expect(refuseDoubling(networkOf({ arch: 'resnet', mode: 'stored' }))).toContain('ResNet has no step size')
  expect(refuseDoubling(networkOf({ arch: 'hamiltonian', unitNorm: 'batch' }))).toMatch(/^Batch norm in the units sets the scale/)
})
