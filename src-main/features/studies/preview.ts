import { isUserError, OptionError } from '../../contract/errors.js'
import { describeFactors, type StartStudy, type StudyPreview } from '../../contract/studies.js'
import type { Configurations } from '../runs/configurations.js'
import type { RunStore } from '../runs/run-store.js'
import { newId } from '../shared/ids.js'
import type { Computing } from './cell-key.js'
import { expandCells } from './expand.js'
import type { StudyStore } from './study-store.js'
import type { StudyTemplates, TemplateHome } from './study-templates.js'

/** A preview of a study: its cells, how many of them are done already, and approximately how long the others take. Creates nothing. */
export async function previewOf(
  ports: { templates: StudyTemplates; configurations: Configurations; runs: RunStore; studies: StudyStore },
  { template, options = {} }: StartStudy,
  { home, computing }: { home: TemplateHome; computing: Computing | null },
): Promise<StudyPreview> {
  try {
    const expansion = await ports.templates.expand(template, options, home)
    const phases = await ports.templates.phases(template, expansion.options)
    const { cells, plans } = await expandCells(ports, expansion, { projectId: null, studyId: newId(), name: template, computing })
    const paces = plans.map(({ config, summary }) => summary.secondsPerStep?.[config.mode] ?? null)
    const known = paces.every((pace) => pace !== null)
    const first = plans.reduce((sum, { config, pauseAt }, at) => sum + (paces[at] ?? 0) * (pauseAt ?? config.steps), 0)
    // Which runs continue is not known yet, so they are estimated with the mean pace.
    const pace = plans.length > 0 ? paces.reduce<number>((sum, each) => sum + (each ?? 0), 0) / plans.length : 0
    const later = pace * (phases?.later(cells.length, 0) ?? 0)
    return {
      cells: cells.map(({ factors, work }) => ({ factors, kind: work.kind, title: describeFactors(factors) })),
      done: cells.filter(({ takenOver }) => takenOver).length,
      seconds: !known || cells.some(({ work, takenOver }) => work.kind !== 'run' && !takenOver) ? null : first + later,
      more: phases?.moreCells ?? 0,
      problems: [],
    }
  } catch (error) {
    if (!isUserError(error)) throw error
    const problem = error instanceof OptionError ? { option: error.option, message: error.why } : { option: null, message: error.message }
    return { cells: [], done: 0, seconds: null, more: 0, problems: [problem] }
  }
}
