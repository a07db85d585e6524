import { expect, test } from 'vitest'
import { stepCost } from '../../src-main/numeric/cost.js'
import { describePresets, nominalConfig } from '../../src-main/numeric/describe.js'
import { buildNetwork, parameterCount } from '../../src-main/numeric/network.js'
import { findPreset, presets } from '../../src-main/numeric/presets.js'

// As published in the design, for 32x32x3 images and 10 classes; batch norm statistics are not parameters.
const TABLE = {
  'hamiltonian-74-plain': [428_538, 74],
  'hamiltonian-218-plain': [1_679_114, 218],
  'hamiltonian-1202-plain': [9_632_458, 1202],
  'midpoint-26-plain': [535_258, 26],
  'leapfrog-26-plain': [535_258, 26],
  'midpoint-62-plain': [1_801_738, 62],
  'leapfrog-62-plain': [1_801_738, 62],
  'hamiltonian-74': [431_978, 74],
  'hamiltonian-218': [1_690_858, 218],
  // The paper's 9.70 million, which only this form has.
  'hamiltonian-1202': [9_699_306, 1202],
  'midpoint-26': [537_450, 26],
  'leapfrog-26': [537_450, 26],
  'midpoint-62': [1_808_106, 62],
  'leapfrog-62': [1_808_106, 62],
  'resnet-32': [464_186, 32],
  'resnet-110': [1_727_994, 110],
  'revnet-38': [464_922, 38],
  'revnet-110': [1_729_226, 110],
  // Hardt and Ma 2017; the paper's 13.59 million are 13,588,800 with a stem of 16 channels and 1x1 convolutions in the shortcuts.
  'identity-56': [13_578_314, 56],
}

test('the presets of the reversible networks have batch norm in their units, guarded gradients, and a plain form beside them', () => {
  const reversible = presets.filter(
    ({ config, paperParameters }) => paperParameters !== null && /hamiltonian|midpoint|leapfrog/.test(config.arch),
  )
  const chosen = reversible.filter(({ name }) => !name.endsWith('-plain'))
  expect(chosen).toHaveLength(7)
  for (const { name, config, source, paperParameters } of chosen) {
    expect(config).toMatchObject({ unitNorm: 'batch', anchorEvery: 'auto' })
    // Two-step schemes with a norm are our own, which their source must state.
    expect(source).toMatch(config.arch === 'hamiltonian' ? /authors' published code/ : /^Not in the paper: /)
    const plain = findPreset(`${name}-plain`)
    expect(plain).toMatchObject({ paperParameters, config: { arch: config.arch, stages: config.stages } })
    expect(plain.config).not.toHaveProperty('unitNorm')
  }
})

test('parameters are those of the paper to a hundredth, except for the two-step schemes, whose table is not explained', () => {
  for (const { name, parameters, paperParameters } of describePresets())
    if (paperParameters !== null && !/^(midpoint|leapfrog)-/.test(name))
      expect(Math.abs(parameters / paperParameters - 1), name).toBeLessThan(0.011)
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
  // Two kernels of 16 channels, each applied both directly and as its adjoint.
  const unit = 2 * 2 * 9 * 16 * 16 * pixels
  const head = 32 * 10
  const forward = 2 * 5 * (stem + unit + head)
  expect(stepCost(buildNetwork(config), 5)).toEqual({ operations: { stored: 3 * forward, reversible: 4 * forward }, forces: 2 })
})

test('biases and shortcuts with kernels explain the published number of parameters of Hardt and Ma', () => {
  // n2_identity.json: 13,588,800 with a stem of 16 channels, whose first stage widens; ours starts with the 64 channels of that stage, and
  // has a head.
  const preset = presets.find(({ name }) => name === 'identity-56')!
  const count = (projection: boolean): number =>
    parameterCount(buildNetwork({ ...nominalConfig(preset), projection } as ReturnType<typeof nominalConfig>))
  expect(count(true) - count(false)).toBe(64 * 128 + 128 * 256)
  const stem = (channels: number): number => 9 * 3 * channels
  const biasOfStem = 16
  const [widening, straight] = [9 * 16 * 64 + 16 * 64, 9 * 64 * 64]
  const head = 256 * 10 + 10
  expect(count(true) - head - stem(64) + stem(16) + biasOfStem - straight + widening).toBe(13_588_800)
  expect(Math.abs(count(true) / preset.paperParameters! - 1)).toBeLessThan(0.003)
})

test('presets have the parameters and depths of the paper', () => {
  const found = Object.fromEntries(describePresets().map(({ name, parameters, depth }) => [name, [parameters, depth]]))
  expect(found).toMatchObject(TABLE)
})
