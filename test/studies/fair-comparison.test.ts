import { describe, expect, it } from 'vitest'
import { expectedSize, matchParameters, nearestTime } from '../../src-main/studies/fair/match.js'
import { unitsOf } from '../../src-main/lab/over-depth.js'
import type { StudyOutcome } from '../../src-main/contract/studies.js'
import type { NewCell } from '../../src-main/studies/template.js'
import { expandTemplate, phasesOf, reportTemplate } from '../../src-main/studies/run.js'
import { homeWith, outcomesOfCells, played, rowsOf, type Played } from './support.js'

const home = homeWith()
const options = { preset: 'hamiltonian-74', dataset: 'cifar-10', seeds: '1,2' }

it('matches the parameters of another architecture, and gives both the same recipe and learning rates', () => {
  const { cells } = expandTemplate('fair-comparison', options, home)
  const runs = cells.map(({ work }) => (work.kind === 'run' ? work.run.overrides! : {}))
  expect(runs.map(({ arch, learningRate, seed }) => [arch ?? 'hamiltonian', learningRate, seed])).toEqual(
    [1, 2].flatMap((seed) => [0.03, 0.1].flatMap((rate) => ['hamiltonian', 'resnet'].map((arch) => [arch, rate, seed]))),
  )
  const report = played('fair-comparison', options, home, () => ({ state: 'queued' }))
  const value = Number(report.summary[0]!.value)
  expect(Math.abs(value)).toBeLessThan(0.05)
  const parameters = rowsOf(report, 'differs').find(({ property }) => property === 'Parameters')!
  expect(Number(parameters['other']) / Number(parameters['own']) - 1).toBeCloseTo(value, 12)
  expect(rowsOf(report, 'differs').map(({ property }) => property)).toContain('Layers')
  expect(() => expandTemplate('fair-comparison', { ...options, against: 'hamiltonian' }, home)).toThrow(
    'is of the architecture hamiltonian itself',
  )
})

it('selects each learning rate on the validation split, and reads the test set when all runs have ended', () => {
  const of = (last: 'finished' | 'running') =>
    played('fair-comparison', options, home, ({ factors: { network, learningRate } }, position) => ({
      state: position === 7 ? last : 'finished',
      // The test set would choose differently for both.
      best: { 'validation/accuracy': (network === 'resnet') === (learningRate === 0.1) ? 0.7 : 0.6 },
      accuracy: network === 'resnet' ? (learningRate === 0.1 ? 0.6 : 0.9) : learningRate === 0.1 ? 0.8 : 0.65,
    }))
  const rows = rowsOf(of('finished'), 'selected')
  expect(rows.map(({ network, learningRate, accuracy }) => [network, learningRate, accuracy])).toEqual([
    ['hamiltonian', 0.03, 0.65],
    ['resnet', 0.1, 0.6],
  ])
  expect(of('finished').summary.find(({ key }) => key === 'difference')!.value).toBeCloseTo(0.05, 12)
  expect(of('running').tables.some(({ key }) => key === 'selected')).toBe(false)
})

describe('matching by the time of a step', () => {
  const timed = { ...options, match: 'time' }
  const isRun = ({ work }: Pick<NewCell, 'work'>): boolean => work.kind === 'run'
  /** A step of the preset takes 1 s; that of a ResNet 0.1 s plus 0.025 s for each unit, so that 36 units take the same time. */
  const secondsOf = ({ factors }: NewCell): number => (factors['network'] === 'hamiltonian' ? 1 : 0.1 + 0.025 * Number(factors['units']))
  const done = (cell: NewCell): Played =>
    isRun(cell)
      ? { state: 'finished', accuracy: 0.5, best: { 'validation/accuracy': 0.6 } }
      : { state: 'finished', measured: { secondsPerStep: secondsOf(cell) } }
  const phases = phasesOf('fair-comparison', timed)!

  /** Everything that the study does, phase by phase. */
  function whole(outcome: (cell: NewCell) => Played): StudyOutcome[] {
    let outcomes = outcomesOfCells(expandTemplate('fair-comparison', timed, home).cells, 0, outcome)
    for (let phase = 0; ; phase++) {
      const { cells, last } = phases.next(outcomes, phase, home)
      outcomes = [...outcomes, ...outcomesOfCells(cells, outcomes.length, outcome)]
      if (last) return outcomes
    }
  }

  it('times the preset and several sizes of the other architecture first, in processes of their own, at the size of the images', () => {
    const { cells } = expandTemplate('fair-comparison', timed, home)
    expect(cells.map(({ factors }) => factors['network'])).toEqual(['hamiltonian', 'resnet', 'resnet', 'resnet'])
    for (const { work } of cells)
      expect(work).toMatchObject({ kind: 'measurement', request: { preset: 'hamiltonian-74', size: 28, steps: 10 } })
    // Each in the mode of its runs: a ResNet has no reversible mode.
    expect(cells.map(({ work }) => work.kind === 'measurement' && work.request.mode)).toEqual(['reversible', 'stored', 'stored', 'stored'])
    expect(phases.moreCells).toBe(8)
    expect(phasesOf('fair-comparison', options)).toBeNull()
  })

  it('times the size that these make expect, trains the nearest of all, and states what differs still', () => {
    const outcomes = whole(done)
    const sizes = outcomes.filter((outcome) => !isRun(outcome)).map(({ factors }) => Number(factors['units']))
    expect(sizes.at(-1)).toBe(36)
    const runs = outcomes.filter(isRun)
    expect(runs).toHaveLength(8)
    const stages = runs.flatMap(({ work, factors }) =>
      work.kind === 'run' && factors['network'] === 'resnet' ? [work.run.overrides!.stages!] : [],
    )
    for (const each of stages) expect(each.reduce((sum, { units }) => sum + units, 0)).toBe(36)
    const report = reportTemplate('fair-comparison', { ...timed }, outcomes, home)
    expect(report.summary.find(({ key }) => key === 'timeMismatch')!.value).toBeCloseTo(0, 12)
    // Matched by time, the networks differ in their parameters, which the report states.
    expect(Math.abs(Number(report.summary.find(({ key }) => key === 'mismatch')!.value))).toBeGreaterThan(0.1)
    expect(rowsOf(report, 'times').at(-1)).toMatchObject({ network: 'resnet', units: 36, timeRatio: 1 })
    expect(rowsOf(report, 'selected').map(({ accuracy }) => accuracy)).toEqual([0.5, 0.5])
  })

  it('takes the nearest of those that were timed where the expected one is farther off than it was expected to be', () => {
    const noisy = whole((cell) => (cell.factors['units'] === 36 ? { state: 'finished', measured: { secondsPerStep: 3 } } : done(cell)))
    const target = 1
    const times = noisy
      .filter((each) => !isRun(each) && each.factors['network'] === 'resnet')
      .map(({ measured }) => Number(measured!['secondsPerStep']))
    const best = times.reduce((a, b) => (Math.abs(Math.log(b / target)) < Math.abs(Math.log(a / target)) ? b : a))
    expect(best).toBeLessThan(3)
    const report = reportTemplate('fair-comparison', { ...timed }, noisy, home)
    expect(report.summary.find(({ key }) => key === 'timeMismatch')!.value).toBeCloseTo(best - 1, 12)
  })

  it('trains nothing when a step could not be timed, and says what to do', () => {
    const outcomes = whole((cell) =>
      cell.factors['network'] === 'hamiltonian' ? { state: 'failed', reason: 'It was killed.' } : done(cell),
    )
    expect(outcomes.some(isRun)).toBe(false)
    const text = reportTemplate('fair-comparison', { ...timed }, outcomes, home)
      .notes.map((note) => note.text)
      .join(' ')
    expect(text).toContain('could not be matched')
    expect(text).toContain('failed: It was killed.')
  })

  it('expects a size from a straight line, within bounds, and none from times that do not grow', () => {
    const pair = { preset: 'hamiltonian-74', against: 'resnet' }
    const { stages } = matchParameters(pair)[1]
    const of = (factor: number) => stages.map(({ channels, units }) => ({ channels, units: units * factor }))
    const line = [1, 2].map((factor) => ({ stages: of(factor), secondsPerStep: factor }))
    const units = unitsOf(matchParameters(pair)[1].network)
    expect(unitsOf(expectedSize(pair, 1.5, line)!.network)).toBe(Math.round(1.5 * units))
    expect(expectedSize(pair, 2, line)).toBeNull()
    expect(unitsOf(expectedSize(pair, 1e6, line)!.network)).toBe(8 * units)
    expect(
      expectedSize(
        pair,
        1,
        line.map((each) => ({ ...each, secondsPerStep: 1 })),
      ),
    ).toBeNull()
    expect(nearestTime(1.9, line)!.secondsPerStep).toBe(2)
    expect(nearestTime(1, [])).toBeNull()
  })
})
