import type { LabOptions } from '../contract/lab.js'
import { StudyReportSchema, type StudyOutcome, type StudyReport } from '../contract/studies.js'
import { completeOptions } from '../lab/complete-options.js'
import { Findings } from '../lab/findings.js'
import { findTemplate } from './registry.js'
import type { Quantities } from '../lab/quantities.js'
import type { NewCell, OptionsOf, Phases, StudyHome, StudyOptions, Template } from './template.js'

/** All quantities that its cells and its report can use. */
const quantitiesOf = (template: Template, options: OptionsOf<StudyOptions>): Quantities => ({
  ...template.quantities,
  ...template.furtherQuantities?.(options),
})

/** All options of a template, and its cells. @throws UserError NOT_FOUND, or BAD_INPUT that names the invalid options */
export function expandTemplate(id: string, asked: LabOptions, home: StudyHome): { options: LabOptions; cells: NewCell[] } {
  const template = findTemplate(id)
  const options = completeOptions(template, asked)
  const cells = template.expand(options, home)
  const quantities = quantitiesOf(template, options)
  for (const { factors } of cells)
    for (const key of Object.keys(factors)) if (!(key in quantities)) throw new Error(`the study ${id} does not define the factor ${key}`)
  return { options, cells }
}

/** How the cells of later phases follow; null if these options create all cells at once. */
export function phasesOf(id: string, asked: LabOptions): Phases | null {
  const template = findTemplate(id)
  return template.phases?.(completeOptions(template, asked)) ?? null
}

/** The metric and the steps whose values reports get; null when they get none. */
export function comparedOf(id: string, asked: LabOptions): Phases['compared'] {
  const template = findTemplate(id)
  const options = completeOptions(template, asked)
  return template.compared?.(options) ?? template.phases?.(options)?.compared ?? null
}

/** Tables and figures of the results so far. */
export function reportTemplate(id: string, asked: LabOptions, outcomes: readonly StudyOutcome[], home: StudyHome): StudyReport {
  const template = findTemplate(id)
  const options = completeOptions(template, asked)
  const findings = new Findings(quantitiesOf(template, options))
  template.report(outcomes, options, home, findings)
  const { summary, tables, figures, notes } = findings.found
  return StudyReportSchema.parse({ summary, tables, figures, notes })
}
