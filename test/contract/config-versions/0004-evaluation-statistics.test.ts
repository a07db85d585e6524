import { expect, test } from 'vitest'
import { migrate } from '../../../src-main/contract/config-versions/0004-evaluation-statistics.js'

test('evaluations normalised by running statistics', () => {
  expect(migrate({ batch: 100 })).toEqual({ batch: 100, evaluationStatistics: 'running' })
  expect(migrate({ evaluationStatistics: 'reestimated' })).toEqual({ evaluationStatistics: 'reestimated' })
})
