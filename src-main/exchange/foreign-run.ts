import { elsewhereRun } from '../contract/elsewhere-run.js'
import { RunConfigSchema } from '../contract/config.js'
import type { Points } from '../contract/metrics.js'
import { ProjectNameSchema } from '../contract/projects.js'
import { isReservedKey } from '../contract/reserved-key.js'
import { LOGGED, NO_PRESET, TagSchema, type LoggedConfig, type RunDetail, type RunStatus } from '../contract/runs.js'
import type { IncomingRun } from '../features/runs/run-exchange.js'
import { listed } from './series-key.js'

/** The data that another tracker stored about a run. */
export interface ForeignRun {
  /** The tracker, as in "Imported from TensorBoard". */
  tracker: string
  /** The tag with which imported runs can be found. */
  tag: string
  name: string
  status: Extract<RunStatus, 'finished' | 'failed' | 'stopped' | 'interrupted'>
  reason: string | null
  /** Milliseconds since 1970; null: derived from the times of the points. */
  startedAt: number | null
  endedAt: number | null
  /** By key; nested objects are flattened. */
  config: Record<string, unknown>
  /** Its project or experiment in the tracker; null for none. */
  project: string | null
  tags: readonly string[]
  /** Markdown notes of the run itself. */
  notes: string
  series: { key: string; points: Points }[]
  /** How data that could not be kept unchanged were handled, in sentences. */
  assumptions: readonly string[]
}

/** Maximum number of configuration keys, and maximum depth of nested objects. */
const MOST_KEYS = 1000
const DEEPEST = 8
const LONGEST_KEY = 200
const LONGEST_TEXT = 10_000

/** Plain leaves of a configuration by path; lists of plain values become text. */
function flatten(config: Record<string, unknown>): { config: LoggedConfig; left: string[] } {
  const found: LoggedConfig = {}
  const left: string[] = []
  let count = 0
  const visit = (path: string, value: unknown, depth: number): void => {
    if (value === null || value === undefined) return
    if (typeof value === 'object' && !Array.isArray(value)) {
      if (depth >= DEEPEST) return void left.push(path)
      for (const [key, inner] of Object.entries(value)) visit(path === '' ? key : `${path}.${key}`, inner, depth + 1)
      return
    }
    const plain = Array.isArray(value)
      ? value.every((each) => typeof each !== 'object')
        ? value.join(', ')
        : JSON.stringify(value)
      : (value as string | number | boolean)
    const fits = path !== '' && path.length <= LONGEST_KEY && !isReservedKey(path) && (typeof plain !== 'number' || Number.isFinite(plain))
    if (!fits || (typeof plain === 'string' && plain.length > LONGEST_TEXT) || count >= MOST_KEYS) return void left.push(path)
    found[path] = plain
    count += 1
  }
  visit('', config, 0)
  return { config: found, left }
}

/** Tags in Retrace's form: without commas, at most 40 characters, at most 32. */
const tagsOf = (tags: readonly string[]): string[] =>
  [...new Set(tags.map((tag) => tag.replaceAll(/[,\n]/g, ' ').trim().slice(0, 40).trim()))]
    .filter((tag) => TagSchema.safeParse(tag).success)
    .slice(0, 32)

/** Makes times continue from the previous one if a clock was set back, in place; returns how often this happened. */
function goOn(times: Float64Array): number {
  let [offset, steps] = [0, 0]
  for (let at = 1; at < times.length; at++) {
    const before = times[at - 1] as number
    if ((times[at] as number) + offset < before) {
      offset = before - (times[at] as number)
      steps++
    }
    times[at] = (times[at] as number) + offset
  }
  return steps
}

/** The run to store. If there is no configuration, its notes say so. */
export function foreignRun(given: ForeignRun): IncomingRun {
  const { tracker, tag, name, status, reason, series, notes: own } = given
  const { config, left } = flatten(given.config)
  const back = series.filter(({ points }) => goOn(points.times) > 0).map(({ key }) => key)
  const assumptions = [
    ...given.assumptions,
    ...(back.length > 0 ? [`The clock was set back during the run: the times of ${listed(back)} continue from the previous one.`] : []),
    ...(left.length > 0
      ? [`Keys of the configuration were left out, because they are too long, too deep or too many: ${listed(left)}.`]
      : []),
  ]
  const step = series.reduce((most, { points }) => Math.max(most, points.steps.at(-1) ?? 0), 0)
  const times = series.flatMap(({ points }) => [points.times[0] ?? Infinity, points.times.at(-1) ?? -Infinity])
  const known = Object.keys(config).length > 0
  const notes = [
    `Imported from ${tracker}: ${name}.${known ? '' : ' Its configuration is unknown.'}`,
    ...assumptions.map((assumption) => `- ${assumption}`),
    ...(own.trim() === '' ? [] : ['', own.trim().slice(0, 50_000)]),
  ].join('\n')
  const seed = RunConfigSchema.shape.seed.safeParse(config['seed'])
  const run = elsewhereRun({
    id: 'imported',
    name: name.slice(0, 200),
    preset: known ? LOGGED : NO_PRESET,
    status,
    startedAt: given.startedAt ?? Math.min(...times),
    endedAt: given.endedAt ?? Math.max(...times),
    step,
    totalSteps: Math.max(1, step),
    tags: tagsOf([tag, ...given.tags]),
    notes,
    ...(seed.success && config['seed'] !== undefined ? { seed: seed.data } : {}),
  })
  const detail: RunDetail = {
    ...run,
    reason,
    note: notes.split('\n')[0]!,
    environment: { ...run.environment, ...(known ? { logged: config } : {}) },
  }
  const project = ProjectNameSchema.safeParse(given.project)
  return {
    detail,
    project: project.success ? project.data : null,
    log: [],
    evaluations: [],
    lab: [],
    regions: [],
    histograms: [],
    checkpoints: [],
    series: series.map(({ key, points }) => ({ key, read: async () => points })),
  }
}
