import type { LabOptions } from '../contract/lab.js'
import { StudyReportSchema, type StudyOutcome, type StudyReport } from '../contract/studies.js'
import { completeOptions } from '../lab/complete-options.js'
import { Findings } from '../lab/findings.js'
import { findTemplate } from './registry.js'
import type { NewCell, StudyHome } from './template.js'

/** All options of a template, and its cells. @throws UserError NOT_FOUND, or BAD_INPUT that names the options that are wrong */
export function expandTemplate(id: string, asked: LabOptions, home: StudyHome): { options: LabOptions; cells: NewCell[] } {
  const template = findTemplate(id)
  const options = completeOptions(template, asked)
  const cells = template.expand(options, home)
  for (const { factors } of cells)
    for (const key of Object.keys(factors))
      if (!(key in template.quantities)) throw new Error(`the study ${id} does not define the factor ${key}`)
  return { options, cells }
}

/** Tables and figures of what there is so far. */
export function reportTemplate(id: string, asked: LabOptions, outcomes: readonly StudyOutcome[], home: StudyHome): StudyReport {
  const template = findTemplate(id)
  const findings = new Findings(template.quantities)
  template.report(outcomes, completeOptions(template, asked), home, findings)
  const { summary, tables, figures, notes } = findings.found
  return StudyReportSchema.parse({ summary, tables, figures, notes })
}
