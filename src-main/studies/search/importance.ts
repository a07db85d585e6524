import type { StudyOutcome } from '../../contract/studies.js'
import type { Findings } from '../../lab/findings.js'
import { gridImportance } from '../anova.js'
import { forestImportance } from '../computations/forest-importance.js'
import type { SearchKey, SearchValue } from '../search-space.js'
import type { NewCell } from '../template.js'
import { bestOf, reached, valueAt } from './rungs.js'
import type { SEARCH } from './quantities.js'

/** Minimum number of runs for which a forest is meaningful. */
const LEAST_RUNS = 30

const NO_DIFFERENCE = 'All configurations have the same validation accuracy, so no key explains a difference.'

interface Searched {
  keys: readonly SearchKey[]
  rungs: readonly number[] | null
  method: 'grid' | 'random'
  drawSeed: number
}

/** The question of the importance of keys, and the method that answers it. */
type Question =
  | { answer: 'grid'; points: { point: Readonly<Record<string, SearchValue>>; value: number }[]; rung: number | null }
  | { answer: 'forest'; rows: { x: number[]; value: number }[]; rung: number | null }
  | { answer: 'none'; why: string }

/** A value as a number; for a text its index among the values of the key. */
const featureOf = (value: SearchValue, values: readonly SearchValue[]): number =>
  typeof value === 'string' ? values.indexOf(value) : Number(value)

/** The rung, counted from 1, that most runs have reached; in case of a tie the last. */
export function fullestRung(outcomes: readonly StudyOutcome[], rungs: readonly number[]): number {
  const counts = rungs.map((_, at) => outcomes.filter((outcome) => reached(outcome, rungs) > at).length)
  return counts.lastIndexOf(Math.max(...counts)) + 1
}

/** Runs are compared at a single step, because those of other rungs differ in how long they were trained. */
export function questionOf(outcomes: readonly StudyOutcome[], { keys, rungs, method }: Searched): Question {
  const runs = outcomes.filter(({ work }) => work.kind === 'run')
  // Runs of different lengths would be compared by how long they were trained.
  if (keys.some(({ path }) => path === 'steps' || path === 'epochs'))
    return { answer: 'none', why: 'The importance of keys is not given where runs differ in their length, which is a key of this search.' }
  const rung = rungs && fullestRung(runs, rungs)
  const valued = runs.flatMap((outcome) => {
    const value = rung === null ? bestOf(outcome) : valueAt(outcome, rungs!, rung)
    return value === null ? [] : [{ outcome, value }]
  })
  if (valued.length > 0 && valued.every(({ value }) => value === valued[0]!.value)) return { answer: 'none', why: NO_DIFFERENCE }
  if (method === 'grid' && valued.length === runs.length) return { answer: 'grid', points: meansOf(valued, keys), rung }
  if (valued.length < LEAST_RUNS)
    return {
      answer: 'none',
      why: `The importance of keys needs a complete grid, or at least ${LEAST_RUNS} runs that finished, and ${valued.length} have: with fewer a forest says little.`,
    }
  const rows = valued.map(({ outcome, value }) => ({
    x: keys.map(({ column, values }) => featureOf(outcome.factors[column]!, values)),
    value,
  }))
  return { answer: 'forest', rows, rung }
}

/** One grid point per configuration, with the mean over its seeds. */
function meansOf(valued: readonly { outcome: StudyOutcome; value: number }[], keys: readonly SearchKey[]) {
  const points = new Map<string, { point: Readonly<Record<string, SearchValue>>; values: number[] }>()
  for (const { outcome, value } of valued) {
    const point = Object.fromEntries(keys.map(({ column }) => [column, outcome.factors[column]!]))
    const known = points.get(JSON.stringify(point))
    if (known) known.values.push(value)
    else points.set(JSON.stringify(point), { point, values: [value] })
  }
  return [...points.values()].map(({ point, values }) => ({
    point,
    value: values.reduce((sum, each) => sum + each, 0) / values.length,
  }))
}

/** The cell that grows the forest, if one is needed. It takes seconds for a thousand runs, and therefore has a thread of its own. */
export function importanceCells(outcomes: readonly StudyOutcome[], searched: Searched): NewCell<typeof SEARCH>[] {
  const question = questionOf(outcomes, searched)
  if (question.answer !== 'forest') return []
  const work = forestImportance.work({
    features: searched.keys.length,
    x: question.rows.flatMap(({ x }) => x),
    y: question.rows.map(({ value }) => value),
    trees: 100,
    seed: searched.drawSeed,
  })
  return [{ factors: { computation: 'importance of keys' }, work }]
}

/** Adds the table of the importance of keys, or a note on why there is none. */
export function reportImportance(outcomes: readonly StudyOutcome[], searched: Searched, findings: Findings<typeof SEARCH>): void {
  const { keys, rungs } = searched
  const at = (rung: number | null): string =>
    rung === null ? 'all of the same length' : `compared at rung ${rung}, step ${rungs![rung - 1]}, the one that most runs reached`
  const cell = outcomes.find(({ work }) => work.kind === 'computation')
  if (cell) {
    const found = forestImportance.resultOf(cell)
    if (!found)
      return findings.note(
        cell.state === 'failed' ? 'The importance of keys could not be computed.' : 'The importance of keys is being computed.',
      )
    findings.table('permutation', 'Importance of keys by permutation', {
      key: keys.map(({ path }) => path),
      permutation: found.importance,
      permutationLow: found.low,
      permutationHigh: found.high,
    })
    const runs = forestImportance.read((cell.work as ReturnType<typeof forestImportance.work>).options).y.length
    const rung =
      rungs &&
      fullestRung(
        outcomes.filter(({ work }) => work.kind === 'run'),
        rungs,
      )
    return findings.note(
      `Importance by permutation is computed from ${runs} runs, ${at(rung)}. Runs that failed or diverged earlier are left out, so a key that makes runs fail may seem less important than it is.`,
    )
  }
  const question = questionOf(outcomes, searched)
  if (question.answer === 'none') return findings.note(question.why)
  if (question.answer === 'forest')
    return findings.note(
      'The importance of keys was not computed, because the study was made by an earlier version or a run ended later. Start it again: finished runs are reused.',
    )
  const shares = gridImportance(
    question.points,
    keys.map(({ column }) => column),
  )
  if (!shares) return findings.note(NO_DIFFERENCE)
  findings.table('importance', 'Importance of keys', {
    key: shares.map(({ key }) => keys.find(({ column }) => column === key)!.path),
    importance: shares.map(({ share }) => share),
  })
  if (question.rung !== null) findings.note(`The importance of keys is computed from all runs, ${at(question.rung)}.`)
}
