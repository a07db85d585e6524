import type { Architecture, ConfigIssue } from '../../contract/catalogue.js'
import { completeOptions, ownOptions } from '../../contract/architecture-options.js'
import { explainIssue } from '../../contract/config-issues.js'
import { RunConfigSchema, RunOverridesSchema, type RunConfig, type RunOverrides } from '../../contract/config.js'
import type { SplitCounts } from '../../data/views/split.js'
import type { Dataset } from '../../contract/datasets.js'
import { scheduleInSteps } from '../../contract/schedule.js'
import { stepsPerEpoch } from './division.js'

/** The sources of a configuration; later ones override earlier ones. */
export interface Ingredients {
  /** The keys of a preset, or the configuration of the run that is forked. */
  base: RunOverrides
  preset: string
  dataset: Dataset
  /** The user's changes, not yet validated. */
  overrides: unknown
  /** Length in epochs, instead of `steps`. */
  epochs?: number | undefined
  /** Counts the images of each part; only called if the number of steps per epoch depends on it. */
  split(config: RunConfig): Promise<SplitCounts>
  /** Every registered architecture, with its options. */
  architectures(): Promise<readonly Architecture[]>
  /** See `Catalogue`. */
  missing?(arch: string): string | null
}

export interface Resolved {
  /** Null when there are issues. */
  config: RunConfig | null
  issues: ConfigIssue[]
  stepsPerEpoch: number | null
}

/** Keys that the choice of data set and preset determines. */
const GIVEN = ['image', 'classes', 'preset', 'dataset'] as const

/**
 * The complete configuration of a run: values of the preset, image shape and classes of the data set, overrides of the user, and defaults of
 * the schema for the rest. A schedule in fractions of the run is converted to steps here and nowhere else.
 */
export async function resolveConfig(ingredients: Ingredients): Promise<Resolved> {
  const { base, preset, dataset, overrides, epochs, split, missing } = ingredients
  const asked = RunOverridesSchema.safeParse(overrides)
  if (!asked.success) return refused(asked.error.issues.flatMap(explainIssue))
  const given = { preset, dataset: dataset.name, image: dataset.image, classes: dataset.classNames.length }
  const conflicts = GIVEN.filter((key) => asked.data[key] !== undefined && JSON.stringify(asked.data[key]) !== JSON.stringify(given[key]))
  if (conflicts.length)
    return refused(
      conflicts.map((path) => ({
        path,
        message: `is determined by the ${path === 'preset' ? 'preset' : 'data set'} (${JSON.stringify(given[path])}). Remove it, or choose another ${path === 'preset' ? 'preset' : 'data set'}.`,
      })),
    )
  if (epochs !== undefined && asked.data.steps !== undefined)
    return refused([{ path: 'epochs', message: 'excludes steps: give only one of the two' }])
  const arch = asked.data.arch ?? base.arch
  const architectures = await ingredients.architectures()
  const absent = arch === undefined || architectures.some(({ id }) => id === arch) ? null : (missing?.(arch) ?? null)
  if (absent !== null) return refused([{ path: 'arch', message: absent }])
  const own = completeOptions(arch, architectures, base, asked.data)
  if (own.issues.length) return refused(own.issues)
  const { schedule, ...rest } = { ...base, ...asked.data, ...given }
  for (const key of Object.keys(ownOptions(rest))) delete (rest as Record<string, unknown>)[key]
  Object.assign(rest, own.options)
  const whole = RunConfigSchema.safeParse(rest)
  if (!whole.success) return refused(whole.error.issues.flatMap(explainIssue))
  const inEpoch = await stepsPerEpoch(whole.data, dataset, () => split(whole.data))
  const steps = epochs === undefined ? whole.data.steps : Math.max(1, Math.round(epochs * inEpoch))
  const config = { ...whole.data, steps, ...(schedule && { schedule: scheduleInSteps(schedule, steps) }) }
  return { config, issues: [], stepsPerEpoch: inEpoch }
}

const refused = (issues: ConfigIssue[]): Resolved => ({ config: null, issues, stepsPerEpoch: null })
