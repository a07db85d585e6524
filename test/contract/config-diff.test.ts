import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configDiff } from '../../src-main/contract/config-diff.js'
import { sampleConfig } from '../fixtures/records.js'

describe('the difference of two configurations', () => {
  it('names each leaf that differs, with both values', () => {
    const before = sampleConfig({ schedule: { kind: 'constant' }, stages: [{ channels: 8, units: 4 }] })
    const after = sampleConfig({
      h: 0.05,
      schedule: { kind: 'cosine' },
      stages: [
        { channels: 8, units: 6 },
        { channels: 16, units: 1 },
      ],
    })
    expect(configDiff(before, after)).toEqual([
      { path: 'stages.0.units', before: 4, after: 6 },
      { path: 'stages.1', before: undefined, after: { channels: 16, units: 1 } },
      { path: 'h', before: 0.1, after: 0.05 },
      { path: 'schedule.kind', before: 'constant', after: 'cosine' },
    ])
  })

  it('takes a key for no other, also one that every object inherits', () => {
    const odd = JSON.parse('{ "__proto__": 1, "toString": 2 }') as object
    expect(configDiff({}, odd)).toEqual([
      { path: '__proto__', before: undefined, after: 1 },
      { path: 'toString', before: undefined, after: 2 },
    ])
  })

  it('is empty exactly for equal values, and turns around with them', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), (a, b) => {
        expect(configDiff(a, structuredClone(a))).toEqual([])
        const there = configDiff(a, b).map(({ path, before, after }) => ({ path, before: after, after: before }))
        const back = configDiff(b, a)
        // Two leaves may have the same path, because a key may contain a dot.
        const text = (difference: object): string => JSON.stringify(difference)
        expect(there.map(text).sort()).toEqual(back.map(text).sort())
      }),
    )
  })
})
