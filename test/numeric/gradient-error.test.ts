import { describe, expect, test } from 'vitest'
import { describeCheck, gradientVerdict, worseCheck, type GradientCheck } from '../../src-main/contract/gradients.js'
import { compareGradients, hasVanished, worstError } from '../../src-main/numeric/gradient-error.js'

describe('gradients against the right ones', () => {
  const right = { big: [3, 4], other: [1, 0] }

  test('the largest error is relative to the largest value of the same parameter; the smallest cosine is of any', () => {
    const found = { big: [3, 4.4], other: [1, 0.05] }
    expect(worstError(compareGradients(found, right))).toEqual({
      parameter: 'big',
      error: expect.closeTo(0.1, 12) as number,
      cosine: expect.closeTo(1 / Math.hypot(1, 0.05), 12) as number,
    })
  })

  test('equal ones are off by nothing', () => {
    expect(worstError(compareGradients(right, right))).toMatchObject({ error: 0, cosine: 1 })
  })

  test('a gradient that is zero by construction is measured by the largest of the network, and has no direction', () => {
    const found = { big: [3, 4], zero: [1e-9, -1e-9] }
    const worst = worstError(compareGradients(found, { big: [3, 4], zero: [0, 0] }))
    expect(worst).toEqual({ parameter: 'zero', error: expect.closeTo(1e-9 / 4e-4, 12) as number, cosine: 1 })
    // A wrong gradient must not pass because it is small.
    expect(worstError(compareGradients({ ...found, zero: [1, 0] }, { big: [3, 4], zero: [0, 0] })).error).toBeCloseTo(2500, 6)
  })

  test('where all are zero, anything else is infinitely off', () => {
    expect(worstError(compareGradients({ a: [1e-9] }, { a: [0] })).error).toBe(Infinity)
  })

  test('have vanished where none reaches beyond the classifier, unless the loss is zero', () => {
    const none = { 'stem/kernel': [0, -0], 'head/dense/bias': [0.1, -0.1] }
    expect(hasVanished(1.4, none)).toBe(true)
    expect(hasVanished(0, none)).toBe(false)
    expect(hasVanished(1.4, { ...none, 'stage1/unit1/kernel': [0, 1e-30] })).toBe(false)
    expect(hasVanished(NaN, { 'stem/kernel': [NaN] })).toBe(false)
  })

  test.each([
    ['the reversed one', { big: [NaN, 4], other: [1, 0] }, right, Infinity],
    ['the stored one', right, { big: [3, 4], other: [Infinity, 0] }, NaN],
    ['both', { big: [NaN, 4], other: [1, 0] }, { big: [NaN, 4], other: [1, 0] }, NaN],
  ])('a value that is not finite is never passed over: %s', (_, found, against, error) => {
    const worst = worstError(compareGradients(found, against))
    expect(worst.error).toBe(error)
    expect(worst.cosine).toBeNaN()
  })
})

describe('the verdict', () => {
  const check = (error: number | null, step = 1): GradientCheck => ({ step, parameter: 'a', error, cosine: null, tolerance: 0.01 })

  test.each([
    [null, 'not measured'],
    [check(0.01), 'ok'],
    [check(0.0101), 'not trustworthy'],
    [check(null), 'not trustworthy'],
    [{ ...check(0), cause: 'vanished' as const }, 'not trustworthy'],
  ])('of %j is %s', (worst, verdict) => expect(gradientVerdict(worst)).toBe(verdict))

  test('is that of the worst check, the first of equal ones', () => {
    const all = [check(0.1, 1), check(0.2, 2), check(0.2, 3), check(null, 4), check(5, 5), check(null, 6)]
    const worst = all.map((_, last) => all.slice(0, last + 1).reduce<GradientCheck | null>(worseCheck, null)?.step)
    expect(worst).toEqual([1, 2, 2, 4, 4, 4])
  })

  test('says what was found', () => {
    expect(describeCheck({ ...check(38130), cosine: -0.41 })).toBe(
      'at step 1 the reversed gradient of a has a relative error of 3.8e+4 (smallest cosine of any parameter: -0.410); the tolerance is 1e-2',
    )
    expect(describeCheck(check(null))).toContain('is not finite')
    expect(describeCheck({ ...check(null), cause: 'not finite' })).toBe(
      'at step 1 gradients computed from stored states are not finite, including that of a: the states or the loss overflow',
    )
  })
})
