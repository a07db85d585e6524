import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Change, SequencedChange } from '../../src-main/contract/changes.js'
import { createChanges, type Changes } from '../../src-main/features/home/changes.js'
import { createStores } from '../../src-main/storage/stores.js'
import { temporaryDatabase } from '../fixtures/home.js'
import { sampleDataset } from '../fixtures/records.js'

const log = (runId: string, message: string): Change => ({ kind: 'log', runId, entries: [{ runId, at: 0, level: 'info', message }] })
const removed = (name: string): Change => ({ kind: 'datasetRemoved', name })

async function opened(rows = 50_000) {
  const home = await temporaryDatabase()
  const { journal } = createStores(home.db, { journal: { rows, bytes: 1e9 } })
  const changes = createChanges({ transactions: home.db, journal })
  const add = (count: number, make: (i: number) => Change = (i) => removed(`d${i}`)): void => {
    // Many changes per commit: the test does not depend on it, and every commit waits for the disk.
    for (let from = 0; from < count; from += 100)
      changes.commit((record) => {
        for (let i = from; i < Math.min(count, from + 100); i++) record(make(i))
      })
  }
  return { ...home, journal, changes, add }
}

/** Reads changes until there are this many. */
async function take(stream: AsyncIterator<SequencedChange>, count: number): Promise<SequencedChange[]> {
  const taken: SequencedChange[] = []
  while (taken.length < count) {
    const { value, done } = await stream.next()
    if (done) break
    taken.push(value as SequencedChange)
  }
  return taken
}

const listen = (changes: Changes, since: number | null, detailOf: string[] = [], signal = new AbortController().signal) =>
  changes.subscribe({ since, detailOf, signal })[Symbol.asyncIterator]()

const seqs = (list: SequencedChange[]): number[] => list.map(({ seq }) => seq)
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe('changes', () => {
  it('are published after the commit, and not at all when the work fails', async () => {
    using home = await opened()
    const stream = listen(home.changes, null)
    expect(() =>
      home.changes.commit((record) => {
        record(removed('never'))
        throw new Error('no')
      }),
    ).toThrow('no')
    home.changes.commit((record) => {
      record({ kind: 'dataset', dataset: sampleDataset('a') })
      record(removed('b'))
    })
    expect(await take(stream, 2)).toMatchObject([
      { seq: 1, change: { kind: 'dataset' } },
      { seq: 2, change: removed('b') },
    ])
    expect(home.journal.after(0, { detailOf: [], limit: 10 })).toHaveLength(2)
  })

  it('between the subscription and the first read are not lost', async () => {
    using home = await opened()
    home.add(3)
    const stream = listen(home.changes, null)
    home.add(2)
    expect(seqs(await take(stream, 2))).toEqual([4, 5])
  })

  it('continue in order from the journal to new ones, even while new ones arrive', async () => {
    using home = await opened()
    home.add(1800)
    const stream = listen(home.changes, 0)
    const first = await take(stream, 700)
    home.add(300)
    const rest = await take(stream, 1400)
    expect(seqs([...first, ...rest])).toEqual(range(1, 2100))
  })

  it('reach a slow client from the journal without a gap and without growing memory', async () => {
    using home = await opened()
    const stream = listen(home.changes, null)
    home.add(1)
    await take(stream, 1)
    home.add(5000)
    expect(seqs(await take(stream, 5000))).toEqual(range(2, 5001))
  })

  it('start with a reset when the requested ones are no longer stored or belong to another home', async () => {
    using home = await opened(100)
    home.add(1000)
    const late = listen(home.changes, 10)
    expect(await take(late, 1)).toEqual([{ seq: 1000, change: { kind: 'reset' } }])
    home.add(1)
    expect(seqs(await take(late, 1))).toEqual([1001])
    expect(await take(listen(home.changes, 5000), 1)).toEqual([{ seq: 1001, change: { kind: 'reset' } }])
    expect(seqs(await take(listen(home.changes, 950), 51))).toEqual(range(951, 1001))
  })

  it('send a reset to a slow client whose next change is no longer in the journal', async () => {
    using home = await opened(100)
    const stream = listen(home.changes, null)
    home.add(1)
    await take(stream, 1)
    home.add(2500)
    expect(await take(stream, 1)).toEqual([{ seq: 2501, change: { kind: 'reset' } }])
  })

  it('include points and log entries only of watched runs', async () => {
    using home = await opened()
    home.add(4, (i) => log(i % 2 ? 'aaaa' : 'bbbb', `${i}`))
    const stream = listen(home.changes, 0, ['aaaa'])
    home.add(4, (i) => log(i % 2 ? 'aaaa' : 'bbbb', `${i}`))
    home.add(1)
    expect(seqs(await take(stream, 5))).toEqual([2, 4, 6, 8, 9])
  })

  it('end when the signal aborts, even while nothing happens, and when the back end closes', async () => {
    using home = await opened()
    const controller = new AbortController()
    const waiting = take(listen(home.changes, null, [], controller.signal), 1)
    const other = take(listen(home.changes, null), 1)
    await Promise.resolve()
    controller.abort()
    expect(await waiting).toEqual([])
    home.changes.close()
    expect(await other).toEqual([])
  })

  it('refuse a commit inside a commit', async () => {
    using home = await opened()
    expect(() => home.changes.commit(() => home.changes.commit(() => undefined))).toThrow('inside a commit')
    home.add(1)
    expect(home.journal.last()).toBe(1)
  })

  it('reach every client once and in order, whatever the pace and wherever it reconnects', async () => {
    const plan = fc.array(fc.record({ add: fc.nat(1300), read: fc.nat(700), reconnect: fc.boolean() }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(plan, async (rounds) => {
        using home = await opened()
        const seen: number[] = []
        let total = 0
        let stream = listen(home.changes, 0)
        for (const { add, read, reconnect } of rounds) {
          home.changes.commit((record) => {
            for (let i = 0; i < add; i++) record(removed(`d${i}`))
          })
          total += add
          seen.push(...seqs(await take(stream, Math.min(read, total - seen.length))))
          if (reconnect) {
            await stream.return?.()
            stream = listen(home.changes, seen.at(-1) ?? 0)
          }
        }
        seen.push(...seqs(await take(stream, total - seen.length)))
        expect(seen).toEqual(range(1, total))
      }),
      { numRuns: 25 },
    )
  })
})
