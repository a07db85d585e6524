import { expect, test } from 'vitest'
import { stepCost } from '../../src-main/numeric/cost.js'
import { describeNetwork, describePresets, nominalConfig } from '../../src-main/numeric/describe.js'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { presets } from '../../src-main/numeric/presets.js'

// Published by the design for 32x32x3 images and 10 classes; batch-norm statistics are not parameters.
const TABLE = {
  'hamiltonian-74': [428_538, 74],
  'hamiltonian-218': [1_679_114, 218],
  'hamiltonian-1202': [9_632_458, 1202],
  'midpoint-26': [535_258, 26],
  'leapfrog-26': [535_258, 26],
  'midpoint-62': [1_801_738, 62],
  'leapfrog-62': [1_801_738, 62],
  'resnet-32': [464_186, 32],
  'resnet-110': [1_727_994, 110],
  'revnet-38': [464_922, 38],
  'revnet-110': [1_729_226, 110],
}

test('with batch norm in its units hamiltonian-1202 has the 9.70 million parameters of the paper', () => {
  const preset = presets.find(({ name }) => name === 'hamiltonian-1202')!
  const { parameters } = describeNetwork({ ...nominalConfig(preset), unitNorm: 'batch' }, 1)
  expect((parameters / 1e6).toFixed(2)).toBe('9.70')
})

test('every preset shows what it needs; times only where the machine was measured', () => {
  for (const { activationBytes, operations, secondsPerStep } of describePresets()) {
    expect(activationBytes.stored).toBeGreaterThan(activationBytes.reversible ?? 0)
    expect(operations.reversible ?? Infinity).toBeGreaterThan(operations.stored)
    expect(secondsPerStep).toBeNull()
  }
  const preset = describePresets({ operationsPerSecond: 2e10, secondsPerForce: 1e-3 }).find(({ name }) => name === 'hamiltonian-74')!
  // 36 forces in 7 + 6 + 5 units of two layers.
  expect(preset.secondsPerStep!.stored).toBeCloseTo(preset.operations.stored / 2e10 + 36e-3, 9)
})

test('operations are those of the convolutions: one unit by hand', () => {
  const config = { ...nominalConfig(presets.find(({ name }) => name === 'hamiltonian-74')!), stages: [{ channels: 32, units: 1 }] }
  const pixels = 32 * 32
  const stem = 9 * 3 * 32 * pixels
  // Two kernels of 16 channels, each applied as it is and as its adjoint.
  const unit = 2 * 2 * 9 * 16 * 16 * pixels
  const head = 32 * 10
  const forward = 2 * 5 * (stem + unit + head)
  expect(stepCost(buildNetwork(config), 5)).toEqual({ operations: { stored: 3 * forward, reversible: 4 * forward }, forces: 2 })
})

test('presets have the parameters and depths of the paper', () => {
  const found = Object.fromEntries(describePresets().map(({ name, parameters, depth }) => [name, [parameters, depth]]))
  expect(found).toMatchObject(TABLE)
})
