import { expect, test } from 'vitest'
import { configVersions, type RawConfig } from '../../../src-main/contract/stored-config.js'

const migrate = (config: RawConfig): RawConfig => configVersions.migrate(4, config, 5)

test('every batch went through the network whole', () => {
  expect(migrate({ batch: 100 })).toEqual({ batch: 100, accumulate: 1 })
  expect(migrate({ accumulate: 4 })).toEqual({ accumulate: 4 })
})
