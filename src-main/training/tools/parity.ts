import { UserError } from '../../contract/errors.js'
import type { ParityRequest } from '../../contract/tools.js'
import { modesOf } from '../../numeric/network.js'
import { compareWithReference, type ParityRow, type ReferenceCase } from '../../numeric/parity.js'
import { findDynamics } from '../../numeric/registry.js'
import { readReferenceCase } from '../reference-case.js'
import type { ToolResult } from '../tool-result.js'
import { explained } from './explained.js'

/** Compares one reference case with the requested mode; `ok` only if every tensor is within its tolerance. */
export async function parity({ file, mode }: ParityRequest, progress: (message: string) => void): Promise<ToolResult> {
  const reference = await readReferenceCase(file)
  const chosen = mode ?? defaultMode(reference)
  progress(`comparing ${reference.config.arch} (${chosen}) with the reference`)
  const rows = explained(() => compareWithReference(reference, chosen))
  // Written so that NaN, which is not within any tolerance, is included.
  const wrong = rows.filter(({ error, tolerance }) => !(error <= tolerance))
  const groups = groupRows(rows)
  const text = [
    `${reference.config.arch}, ${chosen} backpropagation: ${rows.length} tensors compared`,
    ...Object.entries(groups).map(
      ([group, worst]) => `  ${group.padEnd(14)} largest relative error ${worst.error.toExponential(2)}  (${worst.name})`,
    ),
    ...wrong.map(
      ({ name, error, tolerance }) => `WRONG ${name}: relative error ${error.toExponential(2)}, tolerance ${tolerance.toExponential(0)}`,
    ),
    wrong.length === 0 ? 'agrees with the reference' : `disagrees with the reference in ${wrong.length} tensors`,
  ]
  return { ok: wrong.length === 0, text, result: { arch: reference.config.arch, mode: chosen, groups, wrong } }
}

function defaultMode({ config }: ReferenceCase): 'reversible' | 'stored' {
  const dynamics = findDynamics(config.arch)
  if (!dynamics) throw new UserError('BAD_INPUT', `The reference case has an unknown architecture: ${config.arch}.`)
  return modesOf(dynamics)[0]!
}

/** The worst row of each kind: logits, loss, grad, displacement1, ... */
function groupRows(rows: ParityRow[]): Record<string, ParityRow> {
  const groups: Record<string, ParityRow> = {}
  for (const row of rows) {
    const group = row.name.split('/')[0]!
    if (!groups[group] || !(row.error <= groups[group].error)) groups[group] = row
  }
  return groups
}
