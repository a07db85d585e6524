import { expect, test } from 'vitest'
import { configVersions, type RawConfig } from '../../../src-main/contract/stored-config.js'

const migrate = (config: RawConfig): RawConfig => configVersions.migrate(9, config, 10)

test('shortcuts of identity networks had no kernels before', () => {
  expect(migrate({ arch: 'identity' })).toEqual({ arch: 'identity', projection: false })
  expect(migrate({ arch: 'identity', projection: true })).toEqual({ arch: 'identity', projection: true })
  expect(migrate({ arch: 'resnet' })).toEqual({ arch: 'resnet' })
})
