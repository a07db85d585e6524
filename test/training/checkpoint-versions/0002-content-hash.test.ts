import { expect, test } from 'vitest'
import { migrate } from '../../../src-main/training/checkpoint-versions/0002-content-hash.js'

test('a checkpoint of the first format keeps no units, has a configuration of version 1, and no hash that it did not have', () => {
  const { progress, ...rest } = migrate({ format: 'retrace-checkpoint-1', config: '{}', weightsHash: 'w', progress: '{"step":3}' })
  expect(rest).toEqual({ format: 'retrace-checkpoint-1', config: '{}', weightsHash: 'w', configVersion: '1' })
  expect(JSON.parse(progress!)).toEqual({ step: 3, keptUnits: [], gradients: null })
})

test('what it says already stays', () => {
  const said = { configVersion: '2', progress: '{"keptUnits":[1],"step":3}' }
  const { progress, ...rest } = migrate(said)
  expect(rest).toEqual({ configVersion: '2' })
  expect(JSON.parse(progress!)).toEqual({ step: 3, keptUnits: [1], gradients: null })
})
