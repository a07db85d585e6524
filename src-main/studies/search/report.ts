import { spansDecades } from '../../contract/lab.js'
import { sampleOf } from '../../contract/sample.js'
import type { StudyOutcome } from '../../contract/studies.js'
import type { Findings } from '../../lab/findings.js'
import { keptAt } from '../halving.js'
import { cell, failures, groupOver, hasFailed, reportedAccuracy } from '../report.js'
import type { SearchKey, SearchValue } from '../search-space.js'
import { reportImportance } from './importance.js'
import type { SEARCH } from './quantities.js'
import { bestOf, reached, valueAt } from './rungs.js'

interface Searched {
  keys: readonly SearchKey[]
  /** Steps of the rungs; null if every run is trained to its end. */
  rungs: readonly number[] | null
  eta: number
  method: 'grid' | 'random'
  drawSeed: number
}

/** Tables and figures of a search so far. */
export function reportSearch(outcomes: readonly StudyOutcome[], searched: Searched, findings: Findings<typeof SEARCH>): void {
  const { keys, rungs } = searched
  const runs = outcomes.filter(({ work }) => work.kind === 'run')
  const groups = groupOver('seed', runs)
    .map((group) => {
      // With several seeds the lowest rung, so that all of them are compared at the same step.
      const rung = rungs ? Math.min(...group.outcomes.map((outcome) => reached(outcome, rungs))) : 0
      const values = group.outcomes.map((outcome) => (rungs ? valueAt(outcome, rungs, rung) : bestOf(outcome)))
      return { ...group, rung, validation: sampleOf(values.filter((value) => value !== null)) }
    })
    .sort((a, b) => b.rung - a.rung || (cell(b.validation.mean) ?? -1) - (cell(a.validation.mean) ?? -1))
  const columns = (of: readonly { factors: Readonly<Record<string, SearchValue>> }[]) =>
    Object.fromEntries(
      keys.map(({ column }) => [
        column,
        of.map(({ factors }) => {
          const value = factors[column]
          return typeof value === 'number' ? value : String(value)
        }),
      ]),
    )
  const rungColumns = (of: readonly number[]) =>
    rungs && { rung: of.map((rung) => rung || null), rungStep: of.map((rung) => rungs[rung - 1] ?? null) }
  findings.table('ranking', 'Configurations by validation accuracy', {
    rank: groups.map(({ validation }, at) => (validation.n > 0 ? at + 1 : null)),
    ...columns(groups),
    ...rungColumns(groups.map(({ rung }) => rung)),
    validation: groups.map(({ validation }) => cell(validation.mean)),
    deviation: groups.map(({ validation }) => cell(validation.deviation)),
    finished: groups.map((group) => group.outcomes.filter(({ state }) => state === 'finished').length),
    failed: groups.map((group) => group.failed),
  })
  const reachedBy = runs.map((outcome) => (rungs ? reached(outcome, rungs) : 0))
  findings.table('cells', 'All runs', {
    ...columns(runs),
    seed: runs.map(({ factors }) => Number(factors['seed'])),
    state: runs.map((outcome) => outcome.state),
    ...rungColumns(reachedBy),
    ...(rungs && { firstRung: runs.map((outcome) => valueAt(outcome, rungs, 1)) }),
    validation: runs.map((outcome, at) => (rungs ? valueAt(outcome, rungs, reachedBy[at]!) : bestOf(outcome))),
    parameters: runs.map(({ run }) => run?.parameters ?? null),
    seconds: runs.map((outcome) => outcome.seconds),
  })
  if (rungs) {
    const described = rungs.map((step, at) => `${keptAt(groups.length, searched.eta, at)} to step ${step}`)
    findings.note(
      `Successive halving trains ${described.join(', ')}. Configurations that reached a later rung rank first. Accuracies are compared only between configurations of the same rung, at its step.`,
    )
  }
  const settled = runs.every((outcome) => outcome.state === 'finished' || outcome.state === 'dropped' || hasFailed(outcome))
  const [best] = groups
  // Only after the selection has been completed.
  if (settled && best && best.validation.n > 0 && (!rungs || best.rung === rungs.length))
    findings.say('selectedTest', cell(sampleOf(best.outcomes.flatMap((outcome) => reportedAccuracy(outcome) ?? [])).mean))
  else findings.note('The test accuracy of the selected configuration is shown when every run has ended.')
  for (const { path, column, values } of keys) {
    if (values.length === 0 || !values.every((value) => typeof value === 'number')) continue
    findings.scatter({
      title: `Validation accuracy over ${path}`,
      table: 'ranking',
      x: column as 'rank',
      y: 'validation',
      by: rungs ? 'rung' : null,
      equal: false,
      regions: [],
      logX: spansDecades(values),
    })
  }
  for (const failure of failures(outcomes)) findings.warn(failure)
  if (!settled) return findings.note('The importance of keys is shown when every run has ended.')
  reportImportance(outcomes, searched, findings)
}
