import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import {
  ComparisonViewSchema,
  FormulaTextSchema,
  MOST_COMPARED,
  MOST_FORMULAS,
  type ComparisonView,
} from '../../src-main/contract/comparisons.js'
import { RunIdSchema } from '../../src-main/contract/runs.js'
import { decode, encode } from '../charts/address-words.js'

const text = (value: LocationQuery[string] | undefined): string => String((Array.isArray(value) ? value[0] : value) ?? '')

/** Formulas can contain commas, so each is encoded and commas separate them; what cannot be decoded is left out. */
const formulasOf = (written: string): string[] =>
  [...new Set(written.split(',').flatMap((part) => FormulaTextSchema.safeParse(decode(part)).data ?? []))].slice(0, MOST_FORMULAS)

/** The comparison that an address describes. Absent and invalid parts have their defaults, because a link must never break the page. */
export function viewOf(query: LocationQuery): ComparisonView {
  const shape = ComparisonViewSchema.shape
  const runs = [...new Set(text(query['runs']).split(','))].filter((id) => RunIdSchema.safeParse(id).success).slice(0, MOST_COMPARED)
  return {
    runs,
    baseline: shape.baseline.safeParse(text(query['baseline']) || null).data ?? null,
    group: shape.group.safeParse(text(query['group']) || undefined).data ?? 'none',
    center: shape.center.safeParse(text(query['center']) || undefined).data ?? 'mean',
    spread: shape.spread.safeParse(text(query['spread']) || undefined).data ?? 'deviation',
    published: text(query['published']) !== 'no',
    formulas: formulasOf(text(query['formulas'])),
  }
}

/** The address of a view; defaults are left out. */
export function queryOf({ runs, baseline, group, center, spread, published, formulas }: ComparisonView): LocationQueryRaw {
  return {
    ...(runs.length > 0 ? { runs: runs.join(',') } : {}),
    ...(baseline ? { baseline } : {}),
    ...(group === 'none' ? {} : { group }),
    ...(center === 'mean' ? {} : { center }),
    ...(spread === 'deviation' ? {} : { spread }),
    ...(published ? {} : { published: 'no' }),
    ...(formulas.length > 0 ? { formulas: formulas.map(encode).join(',') } : {}),
  }
}
