import { describe, expect, it, test } from 'vitest'
import { wilsonInterval } from '../../src-main/contract/binomial.js'
import {
  imagesOf,
  intervalOf,
  METRICS,
  readingLabel,
  readingsOf,
  readValue,
  reportedOf,
  STEP_METRICS,
} from '../../src-main/contract/metrics.js'

describe("Wilson's interval", () => {
  // scipy.stats.binomtest(k, n).proportion_ci(0.95, method='wilson'), SciPy 1.17.1
  it.each([
    [0, 10, 0, 0.27753279986288926],
    [5, 10, 0.236593090512564, 0.7634069094874361],
    [10, 10, 0.7224672001371109, 1],
    [1, 3, 0.06149194472039626, 0.7923403991979523],
    [97, 100, 0.9154806357094724, 0.9897454759759611],
    [632, 1000, 0.6016575198074788, 0.6613322159523346],
    [9310, 10000, 0.9258650839929272, 0.9358039094115496],
    [1, 1, 0.20654931437723745, 1],
    [0, 1, 0, 0.7934506856227626],
    [49999, 50000, 0.9998867102986088, 0.9999964695001772],
  ])('of %i of %i is what SciPy has', (right, of, low, high) => {
    const interval = wilsonInterval(right / of, of)!
    expect(interval[0]).toBeCloseTo(low, 12)
    expect(interval[1]).toBeCloseTo(high, 12)
  })

  it('is none where the fraction or the number of images is none', () => {
    for (const [fraction, of] of [
      [NaN, 10],
      [0.5, 0],
      [1.5, 10],
      [null, 10],
      [0.5, undefined],
    ] as const)
      expect(wilsonInterval(fraction, of)).toBeNull()
  })
})

test('every metric of the training step is defined once, and an end of a run is put down to its first cause', () => {
  const keys = STEP_METRICS.map(({ key }) => key)
  expect(new Set(keys).size).toBe(keys.length)
  for (const step of STEP_METRICS) expect(METRICS[step.key], step.key).toBe(step)
  // An infinite loss makes the objective and the gradient infinite as well; the message names the loss.
  expect(STEP_METRICS.flatMap(({ diverges }) => diverges ?? [])).toEqual(['loss', 'objective', 'gradient norm'])
})

describe('the readings of a metric', () => {
  it('have a best one for validation metrics alone, and a reported one for what a result has', () => {
    for (const [key, { part, result, better }] of Object.entries(METRICS)) {
      const readings = readingsOf(key)
      expect(readings.includes('best'), key).toBe(part === 'validation' && better !== undefined)
      expect(readings.includes('reported'), key).toBe(result !== undefined)
      expect(readings.at(-1), key).toBe('last')
      // Nothing may be selected by its results on the test set.
      if (part === 'test') expect(readings).not.toContain('best')
    }
    expect(readingsOf('test/mine')).toEqual(['last'])
  })

  it('are read from one place each, and no reading stands in for another', () => {
    const run = {
      latest: { 'test/accuracy': 0.5, 'test/images': 100, 'train/loss': 2 },
      // As stored by an earlier version.
      best: { 'test/accuracy': 0.9, 'train/loss': 1 },
      reported: reportedOf({ testAccuracy: 0.7, testLoss: NaN, step: 20, images: 1000, weightsHash: 'w', seconds: 1 }),
    }
    expect(run.reported).toEqual({ step: 20, images: 1000, values: { 'test/accuracy': 0.7 } })
    const read = (key: string) => (['reported', 'best', 'last'] as const).map((reading) => readValue(run, key, reading))
    expect(read('test/accuracy')).toEqual([0.7, undefined, 0.5])
    expect(read('test/loss')).toEqual([undefined, undefined, undefined])
    expect(read('train/loss')).toEqual([undefined, undefined, 2])
    expect(imagesOf(run, 'test/accuracy', 'last')).toBe(100)
    expect(intervalOf(run, 'test/accuracy', 'reported')).toEqual(wilsonInterval(0.7, 1000))
    expect(intervalOf(run, 'train/loss', 'last')).toBeNull()
    expect([readingLabel('test/loss', 'last'), readingLabel('train/loss', 'last')]).toEqual([
      'Test loss, last',
      'Training loss (cross-entropy)',
    ])
  })

  it('that are reported are none where no test image was evaluated', () => {
    expect(reportedOf({ testAccuracy: null, testLoss: null, step: null, images: null, weightsHash: 'w', seconds: 1 })).toBeNull()
    expect(reportedOf(null)).toBeNull()
  })
})
