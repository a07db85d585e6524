import { describe, expect, it } from 'vitest'
import { gridImportance } from '../../src-main/studies/anova.js'
import { expandTemplate } from '../../src-main/studies/run.js'
import { gridOf, randomPoints, readBase, readSearchKeys } from '../../src-main/studies/search-space.js'
import { homeWith, played, rowsOf, type Played } from './support.js'

const home = homeWith()
const overridesOf = (options: Record<string, string | number>) =>
  expandTemplate('search', { dataset: 'cifar-10', ...options }, home).cells.map(({ work }) => (work.kind === 'run' ? work.run : null))

describe('the space of a search', () => {
  it('is read as it was written, and says which part is wrong', () => {
    expect(
      readSearchKeys('h=0.1|1; arch=hamiltonian|midpoint; stages.*.units=2|4; learningRate=0.01..0.3 log; fusedKernels=true|false'),
    ).toEqual([
      { path: 'h', column: 'h', values: [0.1, 1], range: null },
      { path: 'arch', column: 'arch', values: ['hamiltonian', 'midpoint'], range: null },
      { path: 'stages.*.units', column: 'stagesUnits', values: [2, 4], range: null },
      { path: 'learningRate', column: 'learningRate', values: [], range: { low: 0.01, high: 0.3, log: true } },
      { path: 'fusedKernels', column: 'fusedKernels', values: [true, false], range: null },
    ])
    for (const [text, message] of [
      ['', 'give at least one key'],
      ['h', '"h" is not key=value|value or key=low..high'],
      ['h=0.1||1', 'h has an empty value'],
      ['h=1..0.1', 'the range of h must ascend'],
      ['h=0..1 log', 'begin above 0 to be logarithmic'],
      ['h=1; h=2', 'h appears twice'],
    ] as const)
      expect(() => readSearchKeys(text)).toThrow(message)
    expect(() => gridOf(readSearchKeys('h=0.1..1'))).toThrow('h has a range, which only random search can draw from')
  })

  it('is every combination of a grid, and as many draws as asked for, the same from the same seed', () => {
    expect(gridOf(readSearchKeys('h=1|2; seedless=a|b'))).toEqual([
      { h: 1, seedless: 'a' },
      { h: 1, seedless: 'b' },
      { h: 2, seedless: 'a' },
      { h: 2, seedless: 'b' },
    ])
    const keys = readSearchKeys('learningRate=0.001..1 log; h=1|2')
    const draws = randomPoints(keys, 2000, 5)
    expect(randomPoints(keys, 2000, 5)).toEqual(draws)
    expect(randomPoints(keys, 3, 6)).not.toEqual(draws.slice(0, 3))
    const rates = draws.map(({ learningRate }) => Number(learningRate))
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(0.001)
    expect(Math.max(...rates)).toBeLessThanOrEqual(1)
    // Uniform in the logarithm: a third in each decade, within five standard errors.
    for (const [low, high] of [
      [1e-3, 1e-2],
      [1e-2, 1e-1],
      [1e-1, 1],
    ] as const) {
      const share = rates.filter((rate) => rate >= low && rate < high).length / rates.length
      expect(Math.abs(share - 1 / 3)).toBeLessThan(5 * Math.sqrt(((1 / 3) * (2 / 3)) / rates.length))
    }
  })

  it('changes runs as it says: any key, units of all stages, architecture, preset and data set', () => {
    const [first, second] = overridesOf({ keys: 'stages.*.units=2|5; arch=midpoint', preset: 'hamiltonian-quick', steps: 50 })
    expect(first!.overrides).toMatchObject({ arch: 'midpoint', steps: 50, validation: 0.1, seed: 1 })
    expect(new Set(first!.overrides!.stages!.map(({ units }) => units))).toEqual(new Set([2]))
    expect(new Set(second!.overrides!.stages!.map(({ units }) => units))).toEqual(new Set([5]))
    expect(overridesOf({ keys: 'preset=resnet-32|hamiltonian-74' }).map((run) => run!.preset)).toEqual(['resnet-32', 'hamiltonian-74'])
    expect(() => overridesOf({ keys: 'schedule.kind=cosine' })).toThrow('schedule.kind cannot be varied')
    expect(overridesOf({ method: 'random', draws: 7, keys: 'h=0.1..1' })).toHaveLength(7)
    // A key whose name is also a standard column of searches gets a column of its own.
    expect(overridesOf({ keys: 'validation=0.1|0.2' }).map((run) => run!.overrides!.validation)).toEqual([0.1, 0.2])
  })
})

describe('what all configurations of a search have', () => {
  it('is a partial configuration, over which the keys go', () => {
    const [first, second] = overridesOf({
      base: '{"h":0.3,"batch":16,"stages":[{"channels":8,"units":3}]}',
      keys: 'h=0.1|0.2; stages.*.units=5',
    })
    expect(first!.overrides).toMatchObject({ h: 0.1, batch: 16, stages: [{ channels: 8, units: 5 }], steps: 300 })
    expect(second!.overrides).toMatchObject({ h: 0.2, batch: 16 })
  })

  it('is checked, and holds nothing that is a separate option of the study', () => {
    expect(readBase('')).toEqual({})
    expect(() => readBase('h=1')).toThrow('base: this is not JSON')
    expect(() => readBase('{"batch":-1}')).toThrow(/base: batch /)
    expect(() => readBase('{"steps":5}')).toThrow('base: steps is a separate option of the study')
  })
})

describe('the importance of keys', () => {
  const grid = (value: (a: number, b: number) => number) =>
    [0, 1, 2].flatMap((a) => [0, 1].map((b) => ({ point: { a, b }, value: value(a, b) })))

  it('is the closed form of an additive function, and leaves what interacts', () => {
    // Var(a) over {0, 1, 2} is 2/3, Var(3 b) over {0, 1} is 9/4.
    const additive = gridImportance(
      grid((a, b) => a + 3 * b),
      ['a', 'b'],
    )!
    expect(additive[0]!.share).toBeCloseTo(2 / 3 / (2 / 3 + 9 / 4), 12)
    expect(additive[1]!.share).toBeCloseTo(9 / 4 / (2 / 3 + 9 / 4), 12)
    // (a - 1)(2 b - 1) has no main effect at all.
    expect(
      gridImportance(
        grid((a, b) => (a - 1) * (2 * b - 1)),
        ['a', 'b'],
      )!.map(({ share }) => share),
    ).toEqual([0, 0])
    expect(
      gridImportance(
        grid(() => 1),
        ['a', 'b'],
      ),
    ).toBeNull()
    expect(() => gridImportance(grid((a) => a).slice(1), ['a', 'b'])).toThrow('not complete')
  })
})

describe('a search', () => {
  const options = { dataset: 'cifar-10', keys: 'h=0.1|0.3; learningRate=0.03|0.1', seeds: '1,2' }
  /** Validation accuracy is best at h = 0.3, test accuracy at h = 0.1, so that a selection on the test set would show. */
  const valued = (state: (position: number) => 'finished' | 'diverged' | 'running' = () => 'finished') =>
    played('search', options, home, ({ factors }, position) => ({
      state: state(position),
      accuracy: factors['h'] === 0.1 ? 0.9 : 0.6,
      best: { 'validation/accuracy': (factors['h'] === 0.3 ? 0.7 : 0.5) + (factors['learningRate'] === 0.1 ? 0.1 : 0) },
    }))

  it('ranks by the validation split alone, and reads the test set for the selected configuration when all runs have ended', () => {
    const report = valued()
    expect(rowsOf(report, 'ranking')[0]).toMatchObject({ rank: 1, h: 0.3, learningRate: 0.1, finished: 2 })
    expect(report.summary.map(({ key, value }) => [key, value])).toEqual([['selectedTest', 0.6]])
    for (const { columns } of report.tables) expect(columns.map(({ key }) => key)).not.toContain('accuracy')
    expect(valued((position) => (position === 0 ? 'running' : 'finished')).summary).toEqual([])
  })

  it('gives exact importance of a complete grid, and none of one with a run that diverged', () => {
    const shares = rowsOf(valued(), 'importance')
    // Effects 0.2 and 0.1: variances 0.01 and 0.0025.
    expect(shares.map(({ key }) => key)).toEqual(['h', 'learningRate'])
    expect(shares[0]!['importance']).toBeCloseTo(0.8, 9)
    expect(shares[1]!['importance']).toBeCloseTo(0.2, 9)
    const broken = valued((position) => (position === 0 ? 'diverged' : 'finished'))
    expect(broken.tables.some(({ key }) => key === 'importance')).toBe(false)
    expect(broken.notes.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/needs a complete grid, or at least 30 runs that finished, and 7 have/) as string,
    )
  })

  it('gives importance by permutation of 30 runs of a random search and more, when all have ended, and refuses fewer', () => {
    const of = (draws: number, keys: string, state: (position: number) => Played['state'] = () => 'finished') =>
      played('search', { dataset: 'cifar-10', method: 'random', draws, keys }, home, ({ factors }, position) => ({
        state: state(position),
        best: { 'validation/accuracy': 0.5 + 0.3 * Number(factors['h']) + (factors['arch'] === 'midpoint' ? 0.05 : 0) },
      }))
    const keys = 'h=0.1..1; arch=hamiltonian|midpoint; learningRate=0.01..0.3 log'
    const report = of(40, keys, (position) => (position === 3 ? 'diverged' : 'finished'))
    const rows = rowsOf(report, 'permutation')
    expect(rows.map(({ key }) => key)).toEqual(['h', 'arch', 'learningRate'])
    const [h, arch, rate] = rows.map(({ permutation }) => Number(permutation))
    expect(h!).toBeGreaterThan(arch!)
    expect(arch!).toBeGreaterThan(rate!)
    for (const row of rows) {
      expect(row['permutationLow']).toBeLessThanOrEqual(Number(row['permutation']))
      expect(row['permutationHigh']).toBeGreaterThanOrEqual(Number(row['permutation']))
    }
    expect(report.notes.some(({ text }) => text.includes('from 39 runs, all of the same length'))).toBe(true)

    const said = (shown: typeof report) => shown.notes.map(({ text }) => text).join(' ')
    expect(said(of(29, keys))).toContain('at least 30 runs that finished, and 29 have')
    expect(said(of(40, keys, (position) => (position === 0 ? 'running' : 'finished')))).toContain('is shown when every run has ended')
    expect(said(of(40, `${keys}; steps=100|200`))).toContain('runs differ in their length')
    for (const shown of [of(29, keys), of(40, `${keys}; steps=100|200`)])
      expect(shown.tables.some(({ key }) => key === 'permutation')).toBe(false)
  })
})
