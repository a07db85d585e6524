import type { ConfigIssue } from '../../contract/catalogue.js'
import type { RunConfig } from '../../contract/config.js'
import type { SplitCounts } from '../../data/views/split.js'
import type { Dataset } from '../../contract/datasets.js'
import { stepsInEpoch, subsetSize } from '../../contract/epoch.js'

type Division = Pick<RunConfig, 'batch' | 'subset' | 'validation'>

/**
 * Steps that a trainer makes in an epoch: full batches of what subset and validation split leave.
 * @param split counts the images of the parts; asked only where rounding in each class may decide about a step
 */
export async function stepsPerEpoch(
  { batch, subset, validation }: Division,
  { counts, classNames }: Pick<Dataset, 'counts' | 'classNames'>,
  split: () => Promise<SplitCounts>,
): Promise<number> {
  const used = subsetSize(counts.train, subset)
  if (validation === 0) return stepsInEpoch(used, batch)
  // Validation takes of each class its share rounded down, so less than one image of each below the share of all.
  const about = used * (1 - validation)
  const [fewest, most] = [stepsInEpoch(Math.floor(about) - 1, batch), stepsInEpoch(Math.ceil(about) + classNames.length, batch)]
  return fewest === most ? fewest : stepsInEpoch(sum((await split()).train), batch)
}

/**
 * What is wrong with how a configuration divides the training images of a data set; empty when every step has a whole batch and every
 * part that is asked for has images.
 * @param split counts the images of the parts; asked only where few images make it necessary
 */
export async function divisionIssues(
  config: Division,
  { counts, classNames }: Pick<Dataset, 'counts' | 'classNames'>,
  split: () => Promise<SplitCounts>,
): Promise<ConfigIssue[]> {
  if (isAmple(config, counts.train, classNames.length)) return []
  const parts = await split()
  const [train, validation] = [sum(parts.train), sum(parts.validation)]
  const issues: ConfigIssue[] = []
  const left = `subset ${config.subset} and validation ${config.validation} leave of ${counts.train} training images`
  if (config.validation > 0 && validation === 0)
    issues.push({
      path: 'validation',
      message: `a fraction of ${config.validation} leaves no validation images in any class; use a larger one, or 0 for no split`,
    })
  if (config.batch > train)
    issues.push({ path: 'batch', message: `must be at most ${train}, the images that ${left}, not ${config.batch}` })
  return issues
}

/**
 * Are there so many images that the parts need not be counted? Validation takes of each class the share that it asks for, rounded down,
 * so never more than that of all; and it takes an image wherever that share is one.
 */
function isAmple({ batch, subset, validation }: Division, images: number, classes: number): boolean {
  const used = subsetSize(images, subset)
  return batch <= Math.floor(used * (1 - validation)) && (validation === 0 || used * validation >= classes)
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
