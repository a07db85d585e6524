import type { ConfigIssue } from './catalogue.js'
import { rebuildsActivations, type RunConfig } from './config.js'
import { mirroredImages, type Dataset } from './datasets.js'

/** Checks for one setting that has no effect or does harm: its field, with cause and remedy in a sentence; null if there is no issue. */
type Rule = (config: RunConfig, dataset: Dataset | undefined) => ConfigIssue | null

const counted = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')

/** "80,000 steps" */
const stepsOf = (count: number): string => `${counted(count)} step${count === 1 ? '' : 's'}`

const RULES: readonly Rule[] = [
  function flips({ augment, dataset: name }, dataset) {
    const mirrored = augment.flip && dataset ? mirroredImages(dataset) : undefined
    if (!mirrored) return null
    const message =
      mirrored === 'wrong'
        ? `Random flips train on mirrored images, and a mirrored image of ${name} belongs to no class or to another one. Turn flips off.`
        : `Random flips train on mirrored images. ${name} was imported from IDX files, which usually hold digits or letters, and these change their meaning when mirrored. Turn flips off unless the images may be mirrored (those of Fashion-MNIST may).`
    return { path: 'augment', message }
  },

  function padding({ augment, image }) {
    const least = Math.min(image.height, image.width)
    if (augment.pad < least) return null
    return {
      path: 'augment',
      message: `Random crops shift images by up to ${augment.pad} pixels, but images are only ${least} pixels wide or high, so that some crops show padding only. Pad by fewer pixels.`,
    }
  },

  // The paper itself lists a drop at the last step, which marks the end.
  function drops({ schedule, steps }) {
    const late = schedule.kind === 'piecewise' ? schedule.drops.filter((drop) => drop > steps) : []
    if (!late.length) return null
    const all = late.map(counted)
    const at = all.length === 1 ? `step ${all[0]}` : `steps ${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
    return {
      path: 'schedule',
      message: `The learning rate never drops at ${at}, because the run ends at step ${counted(steps)}. Choose earlier steps, or give the drops in fractions of the run.`,
    }
  },

  function warmup({ schedule, steps }) {
    if (schedule.warmup < steps) return null
    return {
      path: 'schedule',
      message: `Warm-up takes ${stepsOf(schedule.warmup)} but the run has only ${counted(steps)}, so that the schedule never begins. Shorten the warm-up or train longer.`,
    }
  },

  function earlyStopping({ earlyStopping, validation }) {
    if (earlyStopping === 0 || validation > 0) return null
    return {
      path: 'earlyStopping',
      message: 'Early stopping has no effect, because there is no validation split. Set one.',
    }
  },

  function storedAnchors(config) {
    if (rebuildsActivations(config) || config.anchorEvery === 0) return null
    return { path: 'anchorEvery', message: 'Anchors have no effect, because stored backpropagation keeps all activations. Set 0.' }
  },

  function storedBudget(config) {
    if (rebuildsActivations(config) || config.memoryBudget === 0) return null
    return {
      path: 'memoryBudget',
      message: 'The activation budget has no effect, because stored backpropagation keeps all activations. Set 0.',
    }
  },
]

/**
 * The settings of a configuration that have no effect or do harm on a data set. The configuration can still be trained; one that cannot
 * is refused when the run is created.
 * @param dataset undefined when it no longer exists; warnings that depend on it are then omitted
 */
export const recipeWarnings = (config: RunConfig, dataset: Dataset | undefined): ConfigIssue[] =>
  RULES.flatMap((rule) => rule(config, dataset) ?? [])
