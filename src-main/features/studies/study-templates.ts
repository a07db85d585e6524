import type { Preset } from '../../contract/catalogue.js'
import type { Dataset } from '../../contract/datasets.js'
import type { LabOptions } from '../../contract/lab.js'
import type { StudyOutcome, StudyReport, StudyTemplateInfo } from '../../contract/studies.js'
import type { Awaitable } from '../shared/clock.js'
import type { Expansion } from './expand.js'

/** What templates refer to, without what only a host knows. */
export interface TemplateHome {
  datasets: readonly Dataset[]
  presets: readonly Preset[]
}

/** What templates there are, and what they make of their cells. */
export interface StudyTemplates {
  list(): Awaitable<StudyTemplateInfo[]>
  /** @throws UserError NOT_FOUND, or BAD_INPUT that names the options that are wrong */
  expand(template: string, options: LabOptions, home: TemplateHome): Awaitable<Expansion>
  /** Tables and figures of what there is so far. */
  report(template: string, options: LabOptions, outcomes: readonly StudyOutcome[], home: TemplateHome): Awaitable<StudyReport>
}
