import type { z } from 'zod'
import type { ConfigIssue } from '../contract/catalogue.js'
import { explainIssue } from '../contract/config-issues.js'
import { RunConfigSchema, RunOverridesSchema, type RunConfig } from '../contract/config.js'
import type { Dataset } from '../contract/datasets.js'

/** What a configuration is made of, in the order in which the later wins. */
export interface Ingredients {
  /** A preset's part, or the configuration of the run that is forked. */
  base: Partial<z.input<typeof RunConfigSchema>>
  preset: string
  dataset: Dataset
  /** What the user asks for; not yet checked. */
  overrides: unknown
  /** Length in passes over the training data, in place of `steps`. */
  epochs?: number | undefined
}

export interface Resolved {
  /** null when there are issues. */
  config: RunConfig | null
  issues: ConfigIssue[]
  stepsPerEpoch: number | null
}

/** Keys that follow from the choice of data set and preset. */
const GIVEN = ['image', 'classes', 'preset', 'dataset'] as const

/**
 * The whole configuration of a run: the preset's values, the data set's image shape and classes, the user's overrides, and the
 * schema's defaults for the rest.
 */
export function resolveConfig({ base, preset, dataset, overrides, epochs }: Ingredients): Resolved {
  const asked = RunOverridesSchema.safeParse(overrides)
  if (!asked.success) return refused(asked.error.issues.flatMap(explainIssue))
  const given = { preset, dataset: dataset.name, image: dataset.image, classes: dataset.classNames.length }
  const conflicts = GIVEN.filter((key) => asked.data[key] !== undefined && JSON.stringify(asked.data[key]) !== JSON.stringify(given[key]))
  if (conflicts.length)
    return refused(
      conflicts.map((path) => ({
        path,
        message: `follows from the ${path === 'preset' ? 'preset' : 'data set'} (${JSON.stringify(given[path])}): leave it out, or choose another one.`,
      })),
    )
  if (epochs !== undefined && asked.data.steps !== undefined)
    return refused([{ path: 'epochs', message: 'excludes steps: give one of the two.' }])
  const whole = RunConfigSchema.safeParse({ ...base, ...asked.data, ...given })
  if (!whole.success) return refused(whole.error.issues.flatMap(explainIssue))
  const stepsPerEpoch = stepsInEpoch(whole.data, dataset)
  const config = epochs === undefined ? whole.data : { ...whole.data, steps: Math.max(1, Math.round(epochs * stepsPerEpoch)) }
  return { config, issues: [], stepsPerEpoch }
}

/** Full batches in one pass over the training images that remain after subset and validation split; at least one. */
export function stepsInEpoch({ subset, validation, batch }: RunConfig, dataset: Dataset): number {
  const images = Math.floor(dataset.counts.train * subset * (1 - validation))
  return Math.max(1, Math.floor(images / batch))
}

const refused = (issues: ConfigIssue[]): Resolved => ({ config: null, issues, stepsPerEpoch: null })
