import { describeFields } from '../contract/architecture-options.js'
import { UserError } from '../contract/errors.js'
import { hint } from '../contract/near.js'
import type { StudyTemplateInfo } from '../contract/studies.js'
import type { Template } from './template.js'

const registered = new Map<string, Template>()

const isTemplate = (value: unknown): value is Template =>
  typeof value === 'object' && value !== null && 'expand' in value && 'report' in value

// Every file in templates/ is registered automatically.
for (const [path, module] of Object.entries(import.meta.glob<Record<string, unknown>>('./templates/*.ts', { eager: true })))
  for (const value of Object.values(module)) {
    if (!isTemplate(value)) continue
    if (path !== `./templates/${value.id}.ts`) throw new Error(`the template ${value.id} is in ${path}`)
    describeFields(value.options)
    registered.set(value.id, value)
  }

/** Every registered template, in the order of their ranks. */
export const allTemplates = (): Template[] => [...registered.values()].sort((a, b) => a.rank - b.rank || a.id.localeCompare(b.id))

/** @throws UserError NOT_FOUND that names the existing ones */
export function findTemplate(id: string): Template {
  const template = registered.get(id)
  if (template) return template
  const ids = allTemplates().map((each) => each.id)
  throw new UserError('NOT_FOUND', `There is no study ${id}: ${hint(id, ids, `there are ${ids.join(', ')}.`)}`)
}

/** A template as shown in forms and the documentation. */
export function describeTemplate({
  id,
  title,
  question,
  limits,
  quantities,
  options,
  diagnostics,
  phaseName,
}: Template): StudyTemplateInfo {
  return {
    id,
    title,
    question,
    limits,
    quantities,
    options: describeFields(options),
    ...(diagnostics ? { diagnostics } : {}),
    ...(phaseName ? { phaseName } : {}),
  }
}
