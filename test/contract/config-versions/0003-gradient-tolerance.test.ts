import { expect, test } from 'vitest'
import { configVersions, type RawConfig } from '../../../src-main/contract/stored-config.js'

const migrate = (config: RawConfig): RawConfig => configVersions.migrate(2, config, 3)

test('gradients were not compared, and anchors chosen by the states', () => {
  expect(migrate({ anchorEvery: 'auto' })).toEqual({ anchorEvery: 'auto', gradientTolerance: 0 })
  expect(migrate({ gradientTolerance: 0.1 })).toEqual({ gradientTolerance: 0.1 })
})
