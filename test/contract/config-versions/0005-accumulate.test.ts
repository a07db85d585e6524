import { expect, test } from 'vitest'
import { migrate } from '../../../src-main/contract/config-versions/0005-accumulate.js'

test('every batch went through the network whole', () => {
  expect(migrate({ batch: 100 })).toEqual({ batch: 100, accumulate: 1 })
  expect(migrate({ accumulate: 4 })).toEqual({ accumulate: 4 })
})
