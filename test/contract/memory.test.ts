import { expect, test } from 'vitest'
import { MEMORY, ratioText, storedToReversible, withKept } from '../../src-main/contract/memory.js'
import { METRICS } from '../../src-main/contract/metrics.js'

test('the ratio is of stored to reversible activations, and there is none without both', () => {
  expect(storedToReversible({ reversible: 20, stored: 90 })).toBe(4.5)
  expect(storedToReversible({ reversible: null, stored: 90 })).toBeNull()
})

test('what a budget keeps is part of the reversible activations, which are never more than all stored', () => {
  expect(withKept({ reversible: 20, stored: 90 }, 10)).toEqual({ reversible: 30, stored: 90 })
  expect(withKept({ reversible: 20, stored: 90 }, 100)).toEqual({ reversible: 90, stored: 90 })
  expect(withKept({ reversible: null, stored: 90 }, 0)).toEqual({ reversible: null, stored: 90 })
})

test('a ratio has the digits that an estimate can have', () => expect([1.84, 9.96, 12.4].map(ratioText)).toEqual(['1.8', '10.0', '12']))

test('the metric of process memory has the name of the catalogue', () =>
  expect(METRICS['system/residentMiB']).toMatchObject({ short: MEMORY.process.label, unit: 'MiB' }))
