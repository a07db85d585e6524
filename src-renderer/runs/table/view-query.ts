import type { LocationQuery, LocationQueryRaw, LocationQueryValue } from 'vue-router'
import { ColumnFilterSchema, RunViewSchema, type ColumnFilter, type RunView, type SortKey } from '../../../src-main/contract/run-views.js'

/** The query keys of a view. */
const KEYS = ['columns', 'sort', 'where', 'q', 'group', 'archived', 'project'] as const

export const EMPTY_VIEW: RunView = RunViewSchema.parse({})

type Given = LocationQueryValue | LocationQueryValue[] | undefined
const list = (value: Given): string[] => (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === 'string')
const first = (value: Given): string => list(value)[0] ?? ''

// Keys and values may contain any character: the separators of the address are escaped.
const escape = (text: string): string => text.replace(/[%,:~]/g, encodeURIComponent).replace(/~/g, '%7E')
function unescape(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not written by this program: kept as it is.
    return text
  }
}

const filterText = ({ key, operator, values }: ColumnFilter): string => [escape(key), operator, values.map(escape).join(',')].join(':')

function filterOf(text: string): ColumnFilter[] {
  const [key = '', operator, values] = text.split(':')
  const filter = { key: unescape(key), operator, values: values === undefined || values === '' ? [] : values.split(',').map(unescape) }
  const parsed = ColumnFilterSchema.safeParse(filter)
  return parsed.success ? [parsed.data] : []
}

const sortText = ({ key, descending }: SortKey): string => (descending ? '~' : '') + escape(key)
const sortOf = (text: string): SortKey => ({ key: unescape(text.replace(/^~/, '')), descending: text.startsWith('~') })

/** Whether an address contains any part of a view. */
export const hasView = (query: LocationQuery): boolean => KEYS.some((key) => query[key] !== undefined)

/** The view that an address describes. Absent and invalid parts have their defaults, because a link must never break the page. */
export function viewOf(query: LocationQuery): RunView {
  const shape = RunViewSchema.shape
  const parts = (text: string): string[] => text.split(',').filter(Boolean)
  return {
    columns: shape.columns.safeParse([...new Set(parts(first(query['columns'])).map(unescape))]).data ?? [],
    sort: shape.sort.safeParse(parts(first(query['sort'])).map(sortOf)).data ?? [],
    filters: shape.filters.safeParse(list(query['where']).flatMap(filterOf)).data ?? [],
    text: first(query['q']).slice(0, 1000),
    group: shape.group.safeParse(first(query['group']) || null).data ?? null,
    archived: first(query['archived']) === 'yes',
    project: shape.project.safeParse(first(query['project']) || null).data ?? null,
  }
}

/** The address of a view; defaults are left out. */
export function queryOf({ columns, sort, filters, text, group, archived, project }: RunView): LocationQueryRaw {
  return {
    ...(columns.length > 0 ? { columns: columns.map(escape).join(',') } : {}),
    ...(sort.length > 0 ? { sort: sort.map(sortText).join(',') } : {}),
    ...(filters.length > 0 ? { where: filters.map(filterText) } : {}),
    ...(text ? { q: text } : {}),
    ...(group ? { group } : {}),
    ...(archived ? { archived: 'yes' } : {}),
    ...(project ? { project } : {}),
  }
}

export const sameView = (a: RunView, b: RunView): boolean =>
  JSON.stringify(RunViewSchema.parse(a)) === JSON.stringify(RunViewSchema.parse(b))
