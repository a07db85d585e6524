import { expect, test } from 'vitest'
import { configVersions, type RawConfig } from '../../../src-main/contract/stored-config.js'

const migrate = (config: RawConfig): RawConfig => configVersions.migrate(1, config, 2)

test('a configuration of the time before compiled steps was computed eagerly, with constant memory', () => {
  expect(migrate({ h: 0.1 })).toEqual({ h: 0.1, memoryBudget: 0, execution: 'eager', fusedKernels: false })
})

test('one that says how it is computed keeps what it says', () => {
  const said = { h: 0.1, memoryBudget: 'auto', execution: 'compiled', fusedKernels: true }
  expect(migrate(said)).toEqual(said)
})
