import type { LabFindings } from '../../contract/lab.js'
import type { StudyCell, StudyDetail, StudyOutcome } from '../../contract/studies.js'
import type { LabStore } from '../lab/lab-store.js'
import type { RunStore } from '../runs/run-store.js'
import type { SeriesStore } from '../runs/series-store.js'
import type { StudyPhases } from './study-templates.js'

/**
 * The cells of a study for its report: with the rows of their runs, the results of these diagnostics, and the values by which runs are
 * compared.
 */
export function outcomesOf(
  { runs, labResults, series }: { runs: RunStore; labResults: LabStore; series: SeriesStore },
  cells: readonly StudyCell[],
  diagnostics: readonly string[],
  compared: StudyPhases['compared'],
): { outcomes: StudyOutcome[] } & Pick<StudyDetail, 'undiagnosed'> {
  const missing = diagnostics.map((diagnostic) => ({ diagnostic, runIds: new Set<string>() }))
  const outcomes = cells.map(({ runId, ...cell }): StudyOutcome => {
    const run = (runId && runs.get(runId)) || null
    const values = compared && {
      compared: Object.fromEntries(
        compared.steps.flatMap((step) => {
          const value = run && run.step >= step ? series.at(run.id, step, compared.metric)[compared.metric] : undefined
          return value === undefined ? [] : [[step, value] as const]
        }),
      ),
    }
    if (!run || diagnostics.length === 0) return { ...cell, run, ...values }
    const diagnosed: Record<string, LabFindings> = {}
    for (const { diagnostic, runIds } of missing) {
      const found = labResults.findingsOf(run.id, diagnostic)
      if (found) diagnosed[diagnostic] = found
      else if (run.status === 'finished') runIds.add(run.id)
    }
    return { ...cell, run, diagnosed, ...values }
  })
  return { outcomes, undiagnosed: missing.map(({ diagnostic, runIds }) => ({ diagnostic, runIds: [...runIds] })) }
}
