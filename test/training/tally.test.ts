import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Tally } from '../../src-main/training/tally.js'

const CLASSES = 4
const image = fc.record({
  label: fc.nat(CLASSES - 1),
  predicted: fc.nat(CLASSES - 1),
  confidence: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(NaN)),
})

it('counts every image once and keeps the most confident mistakes in order, however the images come in batches', () => {
  fc.assert(
    fc.property(fc.array(image, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (images, size) => {
      const tally = new Tally(CLASSES, 5)
      for (let at = 0; at < images.length; at += size) {
        const batch = images.slice(at, at + size)
        const right = batch.filter(({ label, predicted }) => label === predicted).length
        // As in a trainer, whose buffers are longer than a last batch.
        const labels = Int32Array.from({ length: size }, (_, i) => batch[i]?.label ?? 0)
        tally.add(
          { labels, count: batch.length },
          {
            correct: right,
            loss: batch.length,
            predicted: batch.map(({ predicted }) => predicted),
            confidence: batch.map(({ confidence }) => confidence),
          },
        )
      }
      const { accuracy, loss, images: seen, confusion, mistakes } = tally.figures!
      expect(seen).toBe(images.length)
      expect(loss).toBeCloseTo(1, 12)
      for (let label = 0; label < CLASSES; label++)
        for (let predicted = 0; predicted < CLASSES; predicted++) {
          const count = images.filter((each) => each.label === label && each.predicted === predicted).length
          const cell = confusion.find(([a, b]) => a === label && b === predicted)
          expect(cell?.[2] ?? 0).toBe(count)
        }
      const diagonal = confusion.reduce((sum, [a, b, count]) => sum + (a === b ? count : 0), 0)
      expect(accuracy).toBeCloseTo(diagonal / images.length, 12)

      const wrong = images
        .map(({ label, predicted, confidence }, index) => ({ index, label, predicted, confidence: confidence || 0 }))
        .filter(({ label, predicted }) => label !== predicted)
        .sort((a, b) => b.confidence - a.confidence || a.index - b.index)
      expect(mistakes).toEqual(wrong.slice(0, 5))
    }),
  )
})

it('has no figures before the first image', () => {
  expect(new Tally(2).figures).toBeNull()
})
