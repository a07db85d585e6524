import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keptAt, laterSteps, promoted, rungSteps } from '../../src-main/studies/halving.js'
import { expandTemplate, phasesOf } from '../../src-main/studies/run.js'
import { homeWith, outcomesOf, played, rowsOf, type Played } from './support.js'

const eta = fc.integer({ min: 2, max: 10 })
const value = fc.option(fc.constantFrom(0, 0.25, 0.5, 0.75, 1))

describe('successive halving', () => {
  it('has rungs that are the eta-fold of each other, up to the whole length', () => {
    expect(rungSteps(300, 3, 3)).toEqual([34, 102, 300])
    expect(rungSteps(270, 3, 4)).toEqual([10, 30, 90, 270])
    expect(rungSteps(3, 2, 4)).toBeNull()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), eta, fc.integer({ min: 2, max: 8 }), (steps, by, rungs) => {
        const found = rungSteps(steps, by, rungs)
        if (!found) return
        expect(found).toHaveLength(rungs)
        expect(found.at(-1)).toBe(steps)
        for (const [at, step] of found.slice(0, -1).entries()) {
          // Every one of them coincides with an evaluation, and each is at most eta times the previous one.
          expect(step).toBe(found[0]! * by ** at)
          expect(found[at + 1]!).toBeGreaterThan(step)
          expect(found[at + 1]!).toBeLessThanOrEqual(step * by)
        }
      }),
    )
  })

  it('lets the best go on, as many as there is room for, of equal ones the first, and none without a value', () => {
    expect(promoted([0.5, 0.7, 0.7, null, 0.7], 2)).toEqual([1, 2])
    expect(promoted([null, NaN, 0.1], 2)).toEqual([2])
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 40 }), (values, keep) => {
        const places = promoted(values, keep)
        const valued = values.flatMap((each, at) => (each === null ? [] : [at]))
        expect(places).toEqual([...places].sort((a, b) => a - b))
        expect(places).toHaveLength(Math.min(keep, valued.length))
        for (const place of places)
          for (const other of valued.filter((each) => !places.includes(each))) {
            expect(values[place]!).toBeGreaterThanOrEqual(values[other]!)
            if (values[place] === values[other]) expect(place).toBeLessThan(other)
          }
        // Only the values and their order matter.
        expect(promoted(values, keep)).toEqual(places)
      }),
    )
  })

  it('keeps one in eta at each rung, at least one, and trains fewer steps than all candidates would', () => {
    expect([0, 1, 2, 3].map((rung) => keptAt(27, 3, rung))).toEqual([27, 9, 3, 1])
    expect([0, 1, 2].map((rung) => keptAt(5, 3, rung))).toEqual([5, 1, 1])
    // 9 from 10 to 30, 3 from 30 to 90, 1 from 90 to 270.
    expect(laterSteps(27, 3, [10, 30, 90, 270], 0)).toBe(9 * 20 + 3 * 60 + 180)
    expect(laterSteps(27, 3, [10, 30, 90, 270], 2)).toBe(180)
    expect(laterSteps(27, 3, [10, 30, 90, 270], 3)).toBe(0)
  })
})

describe('a search by successive halving', () => {
  const home = homeWith()
  const options = { dataset: 'cifar-10', keys: 'h=0.1|0.2|0.3; learningRate=0.1|0.2|0.3', steps: 90, rungs: 3, eta: 3 }
  /** Best at h = 0.3 initially, and at h = 0.2 in the end. */
  const valueOf = (h: number, rate: number, rung: number): number => 0.1 * (rung + 1) + (rung === 2 && h === 0.2 ? 0.5 : h) + rate / 100
  const at = (phase: number, cell: { factors: Readonly<Record<string, unknown>> }, came = phase): Played => ({
    state: phase === 2 ? 'finished' : 'dropped',
    phase,
    accuracy: 0.9,
    step: [10, 30, 90][phase]!,
    compared: Object.fromEntries(
      [10, 30, 90]
        .slice(0, came + 1)
        .map((step, rung) => [step, valueOf(Number(cell.factors['h']), Number(cell.factors['learningRate']), rung)]),
    ),
  })

  it('trains every candidate up to the first rung, under the schedule of the whole length, evaluated at every rung', () => {
    const { cells } = expandTemplate('search', options, home)
    expect(cells).toHaveLength(9)
    for (const { until, work } of cells) {
      expect(until).toBe(10)
      expect(work.kind === 'run' && work.run.overrides).toMatchObject({ steps: 90, evaluateEvery: 10, validation: 0.1 })
    }
    const phases = phasesOf('search', options)!
    expect(phases.compared).toEqual({ metric: 'validation/accuracy', steps: [10, 30, 90] })
    expect(phases.later(9, 0)).toBe(3 * 20 + 60)
    expect(phases.later(9, 1)).toBe(60)
  })

  it('sends the best third of all configurations on, and then the best of these, whatever the others would have been', () => {
    const phases = phasesOf('search', options)!
    const first = outcomesOf('search', options, home, (cell) => at(0, cell))
    // All with h = 0.3.
    expect(phases.next(first, 0, home)).toEqual({ cells: [], train: [6, 7, 8].map((position) => ({ position, until: 30 })), last: false })
    const second = outcomesOf('search', options, home, (cell, position) =>
      position >= 6 ? at(1, cell) : position === 0 ? { ...at(0, cell, 2), compared: { 10: 0, 30: 1, 90: 1 } } : at(0, cell),
    )
    expect(phases.next(second, 1, home)).toEqual({ cells: [], train: [{ position: 8, until: null }], last: false })
    expect(phases.next(second, 2, home)).toMatchObject({ train: [], last: true })
  })

  it('lets no configuration go on that failed with a seed, and ends when none is left', () => {
    const seeded = { ...options, seeds: '1,2' }
    const phases = phasesOf('search', seeded)!
    const failing = outcomesOf('search', seeded, home, (cell, position) => (position === 17 ? { state: 'diverged' } : at(0, cell)))
    // Seeds are the outer loop: index 17 is the best configuration with its second seed.
    expect(phases.next(failing, 0, home).train.map(({ position }) => position)).toEqual([5, 14, 6, 15, 7, 16])
    const all = outcomesOf('search', seeded, home, () => ({ state: 'failed' }))
    expect(phases.next(all, 0, home)).toEqual({ cells: [], train: [], last: true })
  })

  it('ranks by the rung first and then at one step, with those that failed last, and tests the winner alone', () => {
    const report = played('search', options, home, (cell, position) =>
      position === 0
        ? { state: 'diverged', reason: 'The loss is NaN.' }
        : position === 8
          ? at(2, cell)
          : position >= 6
            ? at(1, cell)
            : at(0, cell),
    )
    const rows = rowsOf(report, 'ranking')
    expect(rows.map(({ rank, rung, rungStep }) => [rank, rung, rungStep])).toEqual([
      [1, 3, 90],
      [2, 2, 30],
      [3, 2, 30],
      ...[4, 5, 6, 7, 8].map((rank) => [rank, 1, 10]),
      [null, null, null],
    ])
    expect(rows[0]).toMatchObject({ h: 0.3, learningRate: 0.3 })
    expect(rows[8]).toMatchObject({ h: 0.1, learningRate: 0.1, failed: 1, validation: null })
    expect(report.summary.map(({ key, value }) => [key, value])).toEqual([['selectedTest', 0.9]])
    expect(report.notes.map(({ text }) => text)).toContainEqual(
      expect.stringContaining('9 to step 10, 3 to step 30, 1 to step 90') as string,
    )
    expect(rowsOf(report, 'cells')[8]).toMatchObject({ rung: 3, firstRung: valueOf(0.3, 0.3, 0), validation: valueOf(0.3, 0.3, 2) })
    // Eight runs at the first rung are neither a complete grid nor enough for a forest.
    expect(report.notes.map(({ text }) => text).join(' ')).toContain('at least 30 runs that finished, and 8 have')
  })

  it('takes the importance of keys from the rung that most runs reached', () => {
    const shares = rowsOf(
      played('search', options, home, (cell, position) => at(position === 8 ? 2 : position >= 6 ? 1 : 0, cell)),
      'importance',
    )
    // At the first rung the effect of h is a hundred times that of the rate: variances 1 to 1e-4.
    expect(Number(shares.find(({ key }) => key === 'h')!['importance'])).toBeCloseTo(1 / (1 + 1e-4), 9)
  })

  it('refuses what would compare runs at different steps', () => {
    const of = (changes: object) => () => expandTemplate('search', { ...options, ...changes }, home)
    expect(of({ keys: 'steps=10|20' })).toThrow('steps cannot be varied when runs are compared at the same steps')
    expect(of({ base: '{"earlyStopping":3}' })).toThrow('rungs: with earlyStopping in the configuration')
    expect(of({ base: '{"evaluateEvery":7}' })).toThrow('rungs: with evaluateEvery in the configuration')
    expect(of({ rungs: 8 })).toThrow('rungs: 90 steps have no room for 8 rungs')
    expect(of({ steps: 100_000, rungs: 6 })).toThrow('Use fewer rungs or a smaller eta')
  })
})
