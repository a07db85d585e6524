import { expect, test } from 'vitest'
import { configVersions, type RawConfig } from '../../../src-main/contract/stored-config.js'

const migrate = (config: RawConfig): RawConfig => configVersions.migrate(8, config, 9)

test('networks that can drop out values since then did not', () => {
  expect(migrate({ arch: 'vgg' })).toEqual({ arch: 'vgg', dropout: 0 })
  expect(migrate({ arch: 'spiking', dropout: 0.2 })).toEqual({ arch: 'spiking', dropout: 0.2 })
  expect(migrate({ arch: 'hamiltonian' })).toEqual({ arch: 'hamiltonian' })
})
