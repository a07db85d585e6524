import { refThrottled } from '@vueuse/core'
import { useDisplay } from 'vuetify'
import { computed, shallowRef, type ShallowRef } from 'vue'
import type { RunView } from '../../../src-main/contract/run-views.js'
import type { RunSummary } from '../../../src-main/contract/runs.js'
import { useNotices } from '../../home/notices.js'
import { usePreferences } from '../../home/preferences.js'
import { useRunConfigs } from './run-configs.js'
import { useRuns } from '../../home/runs.js'
import { useProjects } from '../../projects/projects.js'
import { useStudies } from '../../home/studies.js'
import { MAX_WIDTH, MIN_WIDTH, termsOf, type Column } from './column.js'
import { configColumn, FIRST_COLUMNS, FIXED_COLUMNS, metricColumns, metricKeys, projectColumn, studyColumn } from './columns.js'
import { filterRuns, readLine } from './filter.js'
import { isQuery } from './query.js'
import { groupItems, groupRuns, type Item } from './group.js'
import { sortRuns } from './sort.js'
import { runsByStudy, studyItems } from './study-rows.js'
import { useTablePlaces } from './table-places.js'

/**
 * Minimum interval in milliseconds at which changing values reorder rows: cells are always up to date, but a row must stay in place long
 * enough to be clicked.
 */
const ORDER_EVERY = 1000

/** A placeholder for a column that is not known (yet), which keeps its position. */
const unknownColumn = (key: string): Column => ({
  key,
  title: key.replace(/^(config|reported|latest|best)\./, ''),
  section: 'Run',
  type: 'text',
  width: 120,
  unit: '',
  scale: 1,
  mean: false,
  value: () => null,
  show: () => '–',
})

const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((each, i) => each === b[i])

/** The rows of the table of runs: a view applied to the runs of this home. */
export function useRunTable(view: Readonly<ShallowRef<RunView>>) {
  const runs = useRuns()
  const configs = useRunConfigs()
  const studies = useStudies()
  const projects = useProjects()
  const places = useTablePlaces()
  const notices = useNotices()
  const preferences = usePreferences()
  void notices.attempt(configs.load)
  void notices.attempt(studies.load)
  void notices.attempt(projects.load)

  const live = refThrottled(
    computed(() => runs.version),
    ORDER_EVERY,
  )
  const all = computed<readonly RunSummary[]>(() => {
    void live.value
    void runs.marks
    return runs.newestFirst()
  })

  const metrics = computed<string[]>((before) => {
    const now = metricKeys(all.value)
    return before && same(before, now) ? before : now
  })
  /** Names of studies by id: the rows of studies change with every cell, but their names do not. */
  const studyNames = computed<ReadonlyMap<string, string>>((before) => {
    const now = new Map([...studies.byId.values()].map(({ id, name }) => [id, name]))
    return before && before.size === now.size && [...now].every(([id, name]) => before.get(id) === name) ? before : now
  })
  const columns = computed<readonly Column[]>(() => {
    const names = studyNames.value
    const ofStudy = studyColumn((id) => names.get(id) ?? null)
    return [...FIXED_COLUMNS, ofStudy, projectColumn(projects.nameOf), ...metricColumns(metrics.value), ...configs.keys.map(configColumn)]
  })
  const byKey = computed<ReadonlyMap<string, Column>>(() => new Map(columns.value.map((column) => [column.key, column])))

  // In a narrow window the last default column is left out, to avoid a horizontal scroll bar.
  const { width } = useDisplay()
  /** The tags column is shown by default if there are tags. */
  const tagged = computed(() => all.value.some(({ tags }) => tags.length > 0))
  const chosenKeys = computed<readonly string[]>(() => {
    if (view.value.columns.length > 0) return view.value.columns
    const first = width.value < 1280 ? FIRST_COLUMNS.slice(0, -1) : FIRST_COLUMNS
    return tagged.value ? first.flatMap((key) => (key === 'progress' ? ['tags', key] : [key])) : first
  })
  const shown = computed<readonly Column[]>(() =>
    chosenKeys.value.map((key) => {
      const column = byKey.value.get(key) ?? unknownColumn(key)
      const width = preferences.columnWidths[key]
      return width === undefined ? column : { ...column, width }
    }),
  )
  /** Sets the width of a column, or resets it. */
  function setWidth(key: string, width: number | null): void {
    const others = Object.fromEntries(Object.entries(preferences.columnWidths).filter(([each]) => each !== key))
    preferences.columnWidths = width === null ? others : { ...others, [key]: Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.round(width))) }
  }

  /** Whether the rows depend on configurations that have not loaded yet. */
  const waiting = computed(() => {
    const { filters, sort, group, text, project } = view.value
    if (!projects.loaded && (project !== null || isQuery(text))) return true
    const keys = [...filters.map(({ key }) => key), ...sort.map(({ key }) => key), group ?? '']
    return !runs.loaded || !studies.asked || (!configs.loaded && (isQuery(text) || keys.some((key) => key.startsWith('config.'))))
  })

  const project = computed(() => view.value.project)
  /** The project that a run is in; a removed one counts as none. */
  const projectOf = ({ projectId }: RunSummary): string => (projectId !== null && projects.byId.has(projectId) ? projectId : 'none')
  const inProject = computed(() => (project.value === null ? all.value : all.value.filter((run) => projectOf(run) === project.value)))
  const inSight = computed(() => (view.value.archived ? inProject.value : inProject.value.filter((run) => !run.archived)))
  const criteria = computed<Pick<RunView, 'filters' | 'text'>>((before) => {
    const { filters, text } = view.value
    return before && before.text === text && before.filters === filters ? before : { filters, text }
  })
  const filtered = computed(() => filterRuns(inSight.value, criteria.value, byKey.value))
  /** The error in the query, which then hides nothing. */
  const problem = computed(() => readLine(criteria.value.text, byKey.value).problem)
  /** The distinct texts of runs in a column that has few of them, most frequent first. */
  function valuesOf(column: Column): readonly string[] {
    if (column.type !== 'choice') return []
    const counts = new Map<string, number>()
    for (const run of inSight.value) for (const term of termsOf(column, run)) counts.set(term, (counts.get(term) ?? 0) + 1)
    return [...counts].sort((a, b) => b[1] - a[1]).map(([term]) => term)
  }
  const order = computed(() => view.value.sort)
  /** All matching runs, including those in collapsed groups, in the order of the table. */
  const sorted = computed(() => sortRuns(filtered.value, order.value, byKey.value))

  const closed = shallowRef<ReadonlySet<string>>(new Set())
  const groupColumn = computed(() => (view.value.group === null ? null : (byKey.value.get(view.value.group) ?? null)))
  const groups = computed(() => {
    const column = groupColumn.value
    if (!column) return null
    const descending = order.value.some((each) => each.key === column.key && each.descending)
    return groupRuns(sorted.value, column, descending)
  })
  const restricted = computed(() => view.value.filters.length > 0 || view.value.text !== '')
  const within = computed(() => runsByStudy(filtered.value, studyNames.value))
  const items = computed<readonly Item[]>(() => {
    if (groups.value) return groupItems(groups.value, closed.value, shown.value)
    const isOpen = restricted.value ? (id: string) => !places.folded.has(id) : (id: string) => places.unfolded.has(id)
    return studyItems(sorted.value, within.value, isOpen)
  })

  const toggled = (set: ReadonlySet<string>, id: string): ReadonlySet<string> => {
    const next = new Set(set)
    if (!next.delete(id)) next.add(id)
    return next
  }
  /** Expands or collapses a group or a study. */
  function toggle(item: Item): void {
    if (item.kind === 'group') closed.value = toggled(closed.value, item.id)
    else if (restricted.value) places.folded = toggled(places.folded, item.id)
    else places.unfolded = toggled(places.unfolded, item.id)
  }
  const setAllClosed = (close: boolean): void => {
    closed.value = new Set(close ? groups.value?.map(({ id }) => id) : [])
  }

  return {
    all,
    inProject,
    inSight,
    columns,
    byKey,
    chosenKeys,
    shown,
    restricted,
    sorted,
    items,
    groups,
    groupColumn,
    closed,
    waiting,
    problem,
    valuesOf,
    setWidth,
    toggle,
    setAllClosed,
  }
}
