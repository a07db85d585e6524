import { expect, test } from 'vitest'
import { configVersions, type RawConfig } from '../../../src-main/contract/stored-config.js'

const migrate = (config: RawConfig): RawConfig => configVersions.migrate(3, config, 4)

test('evaluations normalised by running statistics', () => {
  expect(migrate({ batch: 100 })).toEqual({ batch: 100, evaluationStatistics: 'running' })
  expect(migrate({ evaluationStatistics: 'reestimated' })).toEqual({ evaluationStatistics: 'reestimated' })
})
