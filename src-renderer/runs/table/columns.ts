import { gradientVerdict } from '../../../src-main/contract/gradients.js'
import {
  metricInfo,
  METRICS,
  READING_HELP,
  readingHeading,
  readingLabel,
  READINGS,
  readingsOf,
  readValue,
  type Reading,
} from '../../../src-main/contract/metrics.js'
import { metricColumnKey } from '../../../src-main/contract/run-views.js'
import type { ConfigValue } from '../../../src-main/contract/run-table.js'
import { hasConfiguration, type RunSummary } from '../../../src-main/contract/runs.js'
import { accuracyHint, progressOf } from '../../ui/describe.js'
import { configLabel, configUnit, fieldInfoOf } from '../../home/fields.js'
import { formatCount, formatDateTime, formatDuration, formatMetric, formatValue } from '../../ui/format.js'
import type { Column, ColumnType, Value } from './column.js'

/** The columns shown by default. */
export const FIRST_COLUMNS = [
  'status',
  'name',
  'dataset',
  'preset',
  metricColumnKey('test/accuracy', 'reported'),
  metricColumnKey('train/loss', 'last'),
  'progress',
  'activeSeconds',
  'createdAt',
] as readonly string[]

/** Up to this number of distinct texts, a column offers them as choices. */
const MOST_CHOICES = 60

const plain = (value: Value): string =>
  value === null || value === '' ? '–' : typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
/** Space for a title on one line, and for a number. */
const widthOf = (title: string): number => Math.min(200, Math.max(104, 22 + Math.ceil(7.1 * title.length)))
const asNumber = (format: (value: number | null) => string) => (value: Value) => format(typeof value === 'number' ? value : null)

type Some = Partial<Column> & Pick<Column, 'key' | 'title' | 'type' | 'width' | 'value'>
const column = (some: Some): Column => ({
  section: 'Run',
  unit: '',
  scale: 1,
  mean: false,
  show: some.type === 'number' ? asNumber(formatValue) : some.type === 'time' ? asNumber(formatDateTime) : plain,
  ...some,
})

const own = (key: keyof RunSummary, title: string, type: ColumnType, width: number, rest: Partial<Column> = {}): Column =>
  column({ key, title, type, width, value: (run) => run[key] as Value, ...rest })

const count = { show: asNumber(formatCount) }
const seconds = { show: asNumber(formatDuration), unit: 's' }

/** Columns that exist for every run. */
export const FIXED_COLUMNS: readonly Column[] = [
  own('status', 'Status', 'choice', 116, { cell: 'status' }),
  own('name', 'Name', 'text', 204, { cell: 'name' }),
  own('dataset', 'Data set', 'choice', 90),
  own('preset', 'Preset', 'choice', 140),
  own('seed', 'Seed', 'number', 80, { show: plain, value: (run) => (hasConfiguration(run) ? run.seed : null) }),
  column({
    key: 'progress',
    title: 'Progress',
    type: 'number',
    width: 122,
    unit: '%',
    scale: 100,
    mean: true,
    cell: 'progress',
    value: (run) => (run.totalSteps > 0 ? progressOf(run) : null),
    show: asNumber((value) => (value === null ? '–' : `${Math.floor(value * 100)}%`)),
  }),
  own('activeSeconds', 'Duration', 'number', 98, { ...seconds, mean: true, total: true }),
  own('remainingSeconds', 'Time left', 'number', 104, seconds),
  own('step', 'Step', 'number', 100, count),
  own('totalSteps', 'Steps', 'number', 100, count),
  own('parameters', 'Parameters', 'number', 112, { ...count, value: (run) => (hasConfiguration(run) ? run.parameters : null) }),
  own('createdAt', 'Created', 'time', 168),
  own('startedAt', 'Started', 'time', 168),
  own('endedAt', 'Ended', 'time', 168),
  own('tags', 'Tags', 'choice', 104, {
    cell: 'tags',
    value: (run) => run.tags.join(', ') || null,
    terms: (run) => (run.tags.length > 0 ? run.tags : ['']),
  }),
  own('note', 'Note', 'text', 240, { value: (run) => run.note || null }),
  own('reason', 'Reason', 'text', 240),
  column({
    key: 'gradients',
    title: 'Gradients',
    type: 'choice',
    width: 150,
    value: ({ gradients }) => (gradients ? gradientVerdict(gradients) : null),
  }),
  own('pinned', 'Pinned', 'choice', 90),
  own('baseline', 'Baseline', 'choice', 96),
  own('id', 'Run id', 'text', 120),
  own('parentId', 'Forked from', 'text', 120),
]

const SECTIONS: Record<Reading, string> = { reported: 'Metrics, reported', best: 'Metrics, best', last: 'Metrics, last' }

/** @param nameOf the name of a study; null if it is unknown or no longer exists */
export const studyColumn = (nameOf: (id: string) => string | null): Column =>
  column({
    key: 'study',
    title: 'Study',
    type: 'choice',
    width: 150,
    help: 'Study that created the run',
    value: ({ studyId }) => (studyId === null ? null : nameOf(studyId)),
  })

/** @param nameOf the name of a project; null if it is unknown or no longer exists */
export const projectColumn = (nameOf: (id: string) => string | null): Column =>
  column({
    key: 'project',
    title: 'Project',
    type: 'choice',
    width: 150,
    help: 'Project that the run is in',
    value: ({ projectId }) => (projectId === null ? null : nameOf(projectId)),
  })

/** The column of one reading of a metric. */
export function metricColumn(metric: string, reading: Reading): Column {
  const { unit } = metricInfo(metric)
  const heading = readingHeading(metric, reading)
  const percent = unit === 'fraction'
  return column({
    key: metricColumnKey(metric, reading),
    title: readingLabel(metric, reading),
    heading,
    help: READING_HELP[reading],
    section: SECTIONS[reading],
    type: 'number',
    width: widthOf(heading),
    unit: percent ? '%' : unit,
    scale: percent ? 100 : 1,
    mean: true,
    ofData: true,
    value: (run) => readValue(run, metric, reading) ?? null,
    show: asNumber((value) => formatMetric(value, unit)),
    more: (run) => accuracyHint(run, metric, reading),
  })
}

/** The columns of every reading of the metrics, by reading. */
export const metricColumns = (metrics: readonly string[]): Column[] =>
  READINGS.flatMap((reading) =>
    metrics.filter((metric) => readingsOf(metric).includes(reading)).map((metric) => metricColumn(metric, reading)),
  )

/** The values of one key of the configurations. */
export interface ConfigKey {
  /** `augment.pad` */
  path: string
  /** Every distinct value among the runs. */
  values: readonly ConfigValue[]
  of(runId: string): ConfigValue | null
}

export function configColumn({ path, values, of }: ConfigKey): Column {
  const [root = path] = path.split('.')
  const info = fieldInfoOf(root)
  const numbers = values.every((value) => typeof value === 'number')
  const title = configLabel(path)
  const unit = configUnit(path)
  return column({
    key: `config.${path}`,
    title,
    section: `Configuration, ${info?.group ?? 'other'}`,
    type: numbers ? 'number' : values.length <= MOST_CHOICES ? 'choice' : 'text',
    width: widthOf(title),
    unit: numbers && unit !== 'fraction' ? unit : '',
    value: (run) => of(run.id),
    show: (value) => (typeof value === 'number' && String(value).length > 9 ? formatValue(value, 6) : plain(value)),
  })
}

/** Every metric for which at least one run has a value: first the metrics defined by Retrace in their order, then others by name. */
export function metricKeys(runs: Iterable<RunSummary>): string[] {
  const found = new Set<string>()
  for (const { latest } of runs) for (const key in latest) found.add(key)
  const known = Object.keys(METRICS)
  return [...known.filter((key) => found.has(key)), ...[...found].filter((key) => !(key in METRICS)).sort()]
}
