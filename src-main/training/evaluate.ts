import type { TestFigures } from '../contract/evaluations.js'
import type { Executor } from './executor.js'
import type { HostBatch } from './run-data.js'
import { Tally } from './tally.js'

export interface Evaluation {
  /** Fraction of correct predictions. */
  accuracy: number
  /** Mean cross-entropy, nats. */
  loss: number
  /** Number of images evaluated. */
  images: number
}

/** Accuracy and loss over batches in inference mode; null when there are no images. */
export function evaluate(executor: Executor, batches: Iterable<HostBatch>): Evaluation | null {
  let [correct, loss, count] = [0, 0, 0]
  for (const batch of batches) {
    const sums = executor.evaluate(batch)
    correct += sums.correct
    loss += sums.loss
    count += batch.count
  }
  return count === 0 ? null : { accuracy: correct / count, loss: loss / count, images: count }
}

/** The same with the confusion matrix and the most confident mistakes. */
export function evaluateInFull(executor: Executor, batches: Iterable<HostBatch>, classes: number): TestFigures | null {
  const tally = new Tally(classes)
  for (const batch of batches) tally.add(batch, executor.evaluate(batch))
  return tally.figures
}
