import type { ConfigIssue } from '../../contract/catalogue.js'
import type { RunConfig } from '../../contract/config.js'
import type { SplitCounts } from '../../data/views/split.js'
import type { Dataset } from '../../contract/datasets.js'
import { stepsInEpoch, subsetSize } from '../../contract/epoch.js'

type Division = Pick<RunConfig, 'batch' | 'subset' | 'validation'>

/**
 * Number of steps per epoch: full batches of the images that subset and validation split leave.
 * @param split counts the images of each part; only called if rounding within the classes may change the result
 */
export async function stepsPerEpoch(
  { batch, subset, validation }: Division,
  { counts, classNames }: Pick<Dataset, 'counts' | 'classNames'>,
  split: () => Promise<SplitCounts>,
): Promise<number> {
  const used = subsetSize(counts.train, subset)
  if (validation === 0) return stepsInEpoch(used, batch)
  // Validation takes the share of each class rounded down, which is less than one image per class below the share of all images.
  const about = used * (1 - validation)
  const [fewest, most] = [stepsInEpoch(Math.floor(about) - 1, batch), stepsInEpoch(Math.ceil(about) + classNames.length, batch)]
  return fewest === most ? fewest : stepsInEpoch(sum((await split()).train), batch)
}

/**
 * Issues of how a configuration divides the training images of a data set; empty when every step has a full batch and every requested part
 * has images.
 * @param split counts the images of each part; only called for data sets so small that it matters
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
 * Whether there are so many images that the parts need not be counted: validation takes the fraction of each class rounded down, which is
 * at most the fraction of all images, and at least one image if the fraction amounts to one.
 */
function isAmple({ batch, subset, validation }: Division, images: number, classes: number): boolean {
  const used = subsetSize(images, subset)
  return batch <= Math.floor(used * (1 - validation)) && (validation === 0 || used * validation >= classes)
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
