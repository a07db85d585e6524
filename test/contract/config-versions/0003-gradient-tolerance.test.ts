import { expect, test } from 'vitest'
import { migrate } from '../../../src-main/contract/config-versions/0003-gradient-tolerance.js'

test('gradients were not compared, and anchors chosen by the states', () => {
  expect(migrate({ anchorEvery: 'auto' })).toEqual({ anchorEvery: 'auto', gradientTolerance: 0 })
  expect(migrate({ gradientTolerance: 0.1 })).toEqual({ gradientTolerance: 0.1 })
})
