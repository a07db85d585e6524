import { expect, test } from 'vitest'
import { describePresets } from '../../src-main/numeric/describe.js'

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

test('presets have the parameters and depths of the paper', () => {
  const found = Object.fromEntries(describePresets().map(({ name, parameters, depth }) => [name, [parameters, depth]]))
  expect(found).toMatchObject(TABLE)
})
