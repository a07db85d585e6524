import { expect, test } from 'vitest'
import { configVersions, type RawConfig } from '../../../src-main/contract/stored-config.js'

const migrate = (config: RawConfig): RawConfig => configVersions.migrate(9, config, 10)

test('shortcuts of identity networks had no kernels before', () => {
  expect(migrate({ arch: 'identity' })).toMatchObject({ projection: false })
  expect(migrate({ arch: 'identity', projection: true })).toMatchObject({ projection: true })
  expect(migrate({ arch: 'resnet' })).not.toHaveProperty('projection')
})
