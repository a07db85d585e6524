import { expect, test } from 'vitest'
import { migrate } from '../../../src-main/contract/config-versions/0002-execution.js'

test('a configuration of the time before compiled steps was computed eagerly, with constant memory', () => {
  expect(migrate({ h: 0.1 })).toEqual({ h: 0.1, memoryBudget: 0, execution: 'eager', fusedKernels: false })
})

test('one that says how it is computed keeps what it says', () => {
  const said = { h: 0.1, memoryBudget: 'auto', execution: 'compiled', fusedKernels: true }
  expect(migrate(said)).toEqual(said)
})
