import { KEPT_MISTAKES, type ConfusionCell, type Mistake, type TestFigures } from '../contract/evaluations.js'
import type { BatchEvaluation } from './executor.js'
import type { HostBatch } from './run-data.js'

/** Accumulates the results of batches: accuracy, loss, confusion matrix and the most confident mistakes. */
export class Tally {
  /** [true class, predicted class] */
  private readonly counts: Uint32Array
  private readonly mistakes: Mistake[] = []
  private images = 0
  private correct = 0
  private loss = 0

  constructor(
    private readonly classes: number,
    private readonly kept = KEPT_MISTAKES,
  ) {
    this.counts = new Uint32Array(classes * classes)
  }

  /** Adds the next images of the part being evaluated, in order. */
  add({ labels, count }: Pick<HostBatch, 'labels' | 'count'>, { correct, loss, predicted, confidence }: BatchEvaluation): void {
    this.correct += correct
    this.loss += loss
    for (let i = 0; i < count; i++) this.see(labels[i]!, predicted[i]!, confidence[i]!)
  }

  /** Null before the first image. */
  get figures(): TestFigures | null {
    const { images } = this
    if (images === 0) return null
    const confusion: ConfusionCell[] = []
    this.counts.forEach((count, at) => {
      if (count > 0) confusion.push([Math.floor(at / this.classes), at % this.classes, count])
    })
    return { images, accuracy: this.correct / images, loss: this.loss / images, confusion, mistakes: [...this.mistakes] }
  }

  private see(label: number, predicted: number, probability: number): void {
    const index = this.images++
    this.counts[label * this.classes + predicted]!++
    if (label === predicted) return
    // With overflowed weights there are no probabilities.
    const confidence = Number.isFinite(probability) ? Math.min(1, Math.max(0, probability)) : 0
    const { mistakes, kept } = this
    if (mistakes.length === kept && confidence <= mistakes.at(-1)!.confidence) return
    let place = mistakes.length
    while (place > 0 && mistakes[place - 1]!.confidence < confidence) place--
    mistakes.splice(place, 0, { index, label, predicted, confidence })
    mistakes.length = Math.min(mistakes.length, kept)
  }
}
