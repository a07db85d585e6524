import type { LabFindings } from '../../contract/lab.js'
import type { StudyCell, StudyDetail, StudyOutcome } from '../../contract/studies.js'
import type { LabStore } from '../lab/lab-store.js'
import type { RunStore } from '../runs/run-store.js'

/** The cells of a study as its report sees them: with the rows of their runs, and with what these diagnostics have said of the runs. */
export function outcomesOf(
  { runs, labResults }: { runs: RunStore; labResults: LabStore },
  cells: readonly StudyCell[],
  diagnostics: readonly string[],
): { outcomes: StudyOutcome[] } & Pick<StudyDetail, 'undiagnosed'> {
  const missing = diagnostics.map((diagnostic) => ({ diagnostic, runIds: new Set<string>() }))
  const outcomes = cells.map(({ runId, ...cell }): StudyOutcome => {
    const run = (runId && runs.get(runId)) || null
    if (!run || diagnostics.length === 0) return { ...cell, run }
    const diagnosed: Record<string, LabFindings> = {}
    for (const { diagnostic, runIds } of missing) {
      const found = labResults.findingsOf(run.id, diagnostic)
      if (found) diagnosed[diagnostic] = found
      else if (run.status === 'finished') runIds.add(run.id)
    }
    return { ...cell, run, diagnosed }
  })
  return { outcomes, undiagnosed: missing.map(({ diagnostic, runIds }) => ({ diagnostic, runIds: [...runIds] })) }
}
