import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Replica } from '../../src-renderer/home/replica.js'

/**
 * A server whose state is a list of events, and a connection on which snapshots are late: they contain the state when the server answered,
 * and arrive at any time after that.
 */
describe('a copy kept from snapshots and changes', () => {
  const event = fc.constantFrom('happen', 'ask', 'answer', 'arrive', 'deliver')

  it('has every change exactly once and in order, however snapshots and changes interleave', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 0, max: 5 }), (events, head) => {
        const truth: number[] = Array.from({ length: head }, (_, i) => i + 1)
        let copy: number[] = []
        const replica = new Replica<number[], number>(
          (snapshot) => (copy = [...snapshot]),
          (change) => copy.push(change),
        )
        // The subscription starts here: changes arrive in order, each with a delay.
        const wire: number[] = []
        const asked: number[] = []
        const answers: { request: number; seq: number; value: number[] }[] = []
        const happen = (): void => {
          truth.push(truth.length + 1)
          wire.push(truth.length)
        }
        const ask = (): void => void asked.push(replica.request())
        const answer = (): void => {
          const request = asked.shift()
          if (request !== undefined) answers.push({ request, seq: truth.length, value: [...truth] })
        }
        const arrive = (): void => {
          // Changes and answers travel separately: either may overtake the other.
          const late = answers.shift()
          if (late) replica.snapshot(late.request, late.seq, late.value)
        }
        const deliver = (): void => {
          const change = wire.shift()
          if (change !== undefined) replica.change(change, change)
        }
        ask()
        for (const what of events) {
          if (what === 'happen') happen()
          else if (what === 'ask') ask()
          else if (what === 'answer') answer()
          else if (what === 'arrive') arrive()
          else deliver()
          expect(copy).toEqual(truth.slice(0, copy.length))
        }
        while (asked.length) answer()
        while (answers.length) arrive()
        while (wire.length) deliver()
        expect(copy).toEqual(truth)
      }),
      { numRuns: 1000 },
    )
  })

  it('drops an answer that a later request has overtaken', () => {
    const loaded: string[] = []
    const replica = new Replica<string, never>(
      (snapshot) => loaded.push(snapshot),
      () => undefined,
    )
    const first = replica.request()
    const second = replica.request()
    replica.snapshot(second, 2, 'new')
    replica.snapshot(first, 1, 'old')
    expect(loaded).toEqual(['new'])
  })
})
