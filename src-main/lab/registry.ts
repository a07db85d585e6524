import { describeOptions } from '../contract/architecture-options.js'
import { LAB_SECTIONS, type DiagnosticInfo } from '../contract/lab.js'
import { hint } from '../contract/near.js'
import { UserError } from '../contract/errors.js'
import type { Diagnostic } from './diagnostic.js'

const registered = new Map<string, Diagnostic>()

const isDiagnostic = (value: unknown): value is Diagnostic =>
  typeof value === 'object' && value !== null && 'question' in value && 'quantities' in value && 'run' in value

/** Registers a diagnostic; rejects duplicate ids, and options without a description. */
function registerDiagnostic(diagnostic: Diagnostic): void {
  if (registered.has(diagnostic.id)) throw new Error(`two diagnostics are called '${diagnostic.id}'`)
  describeOptions(diagnostic.options)
  registered.set(diagnostic.id, diagnostic)
}

// Every file in diagnostics/ is registered automatically.
for (const module of Object.values(import.meta.glob<Record<string, unknown>>('./diagnostics/*.ts', { eager: true })))
  for (const value of Object.values(module)) if (isDiagnostic(value)) registerDiagnostic(value)

const SECTIONS = Object.keys(LAB_SECTIONS)

/** Every registered diagnostic, by section and rank. */
export const allDiagnostics = (): Diagnostic[] =>
  [...registered.values()].sort(
    (a, b) => SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section) || a.rank - b.rank || a.id.localeCompare(b.id),
  )

/** @throws UserError NOT_FOUND that names the existing ones */
export function findDiagnostic(id: string): Diagnostic {
  const diagnostic = registered.get(id)
  if (diagnostic) return diagnostic
  const ids = allDiagnostics().map((each) => each.id)
  throw new UserError('NOT_FOUND', `There is no diagnostic ${id}: ${hint(id, ids, `there are ${ids.join(', ')}.`)}`)
}

/** A diagnostic as shown in forms and the documentation. */
export function describeDiagnostic({ id, title, section, question, limits, quantities, options }: Diagnostic): DiagnosticInfo {
  return { id, title, section, question, limits, quantities, options: describeOptions(options) }
}
