import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allFacts, FactsWriter, readFacts, type Fact } from '../../../src-main/training/cluster/facts.js'
import { temporaryFolder } from '../../fixtures/home.js'

const log = (message: string): Fact => ({ kind: 'report', report: { kind: 'log', at: 1, level: 'info', message } })
const points: Fact = {
  kind: 'report',
  report: {
    kind: 'points',
    sequence: 1,
    step: 2,
    activeSeconds: 1,
    medianStepSeconds: 0.5,
    series: [{ key: 'train/loss', steps: Float64Array.of(1, 2), values: Float64Array.of(NaN, -Infinity), times: Float64Array.of(3, 4) }],
  },
}

describe('the facts of an attempt', () => {
  it('are read as they were written, from any fact on and in parts', () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'facts-1000.log')
    const written = [log('one'), points, log('three')]
    const writer = new FactsWriter(path)
    for (const fact of written) writer.append(fact)
    writer.close()
    expect([...allFacts(path)]).toEqual(written)
    const first = readFacts(path, 0, 1)
    expect(first).toMatchObject({ state: 'more', facts: [{ fact: written[0] }] })
    expect(readFacts(path, first.facts[0]!.end)).toMatchObject({ state: 'end', facts: [{ fact: written[1] }, { fact: written[2] }] })
    expect(() => new FactsWriter(path)).toThrow(/EEXIST/)
  })

  it('end before a torn last frame, and go on once the rest is there', () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'facts-1000.log')
    const writer = new FactsWriter(path)
    writer.append(log('whole'))
    writer.append(points)
    writer.close()
    const whole = readFileSync(path)
    const { end } = readFacts(path, 0).facts[0]!
    for (const length of [end + 1, end + 8, whole.length - 1]) {
      truncateSync(path, length)
      const read = readFacts(path, 0)
      expect(read.state).toBe('torn')
      expect(read.facts.map(({ fact }) => fact)).toEqual([log('whole')])
      appendFileSync(path, whole.subarray(length))
    }
    expect(readFacts(path, end)).toMatchObject({ state: 'end', facts: [{ fact: points }] })
  })

  it.each([
    ['a changed byte', (end: number, whole: Buffer) => whole.fill(whole[end + 12]! ^ 1, end + 12, end + 13)],
    ['a length that cannot be', (end: number, whole: Buffer) => whole.writeUInt32LE(0xffffffff, end)],
    ['zeros, as a network file system leaves where a write is missing', (end: number, whole: Buffer) => whole.fill(0, end)],
  ])('end before %s', (_, damage) => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'facts-1000.log')
    const writer = new FactsWriter(path)
    for (const message of ['whole', 'damaged', 'after it']) writer.append(log(message))
    writer.close()
    const whole = readFileSync(path)
    damage(readFacts(path, 0).facts[0]!.end, whole)
    writeFileSync(path, whole)
    const read = readFacts(path, 0)
    expect(read.state).toBe('damaged')
    expect(read.facts.map(({ fact }) => fact)).toEqual([log('whole')])
  })

  it('of a run that has not begun are none', () => {
    using folder = temporaryFolder()
    expect(readFacts(join(folder.path, 'facts-1000.log'), 0)).toEqual({ facts: [], state: 'end' })
  })
})
