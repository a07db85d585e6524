import { describe, expect, test } from 'vitest'
import { RunConfigSchema, type Schedule } from '../../src-main/contract/config.js'
import { learningRateAt } from '../../src-main/numeric/schedules.js'

const rates = (schedule: Schedule, steps = 100): number[] =>
  Array.from({ length: steps }, (_, step) => learningRateAt({ learningRate: 0.2, schedule, steps }, step))

describe('the learning rate', () => {
  test('is constant where nothing is asked for', () => {
    expect(new Set(rates({ kind: 'constant', warmup: 0 }))).toEqual(new Set([0.2]))
  })

  test('drops at the steps that are named, by the factor each time', () => {
    const found = rates({ kind: 'piecewise', warmup: 0, drops: [40, 60, 80], factor: 0.1 })
    for (const [step, rate] of [
      [0, 0.2],
      [39, 0.2],
      [40, 0.02],
      [59, 0.02],
      [60, 0.002],
      [80, 0.0002],
      [99, 0.0002],
    ] as const)
      // prettier-ignore
      expect(found[step], `step ${step}`).toBeCloseTo(rate, 12)
  })

  test('falls by a cosine: half of it in the middle, next to nothing at the end', () => {
    const found = rates({ kind: 'cosine', warmup: 0 })
    expect(found[0]).toBe(0.2)
    expect(found[50]).toBeCloseTo(0.1, 12)
    expect(found[99]).toBeLessThan(0.2 / 1000)
    expect(found.every((rate, step) => step === 0 || rate < found[step - 1]!)).toBe(true)
  })

  test('goes once up to the peak and down again', () => {
    const found = rates({ kind: 'onecycle', warmup: 0 })
    expect(found[0]).toBeCloseTo(0.2 / 25, 12)
    expect(found.indexOf(Math.max(...found))).toBe(30)
    expect(found[30]).toBeCloseTo(0.2, 12)
    expect(found[99]).toBeLessThan(0.2 / 500)
  })

  test.each(['constant', 'cosine', 'onecycle'] as const)('warms up in a line to the peak before %s', (kind) => {
    const found = rates({ kind, warmup: 10 })
    expect(found.slice(0, 10).map((rate) => rate / 0.2)).toEqual(
      Array.from({ length: 10 }, (_, i) => expect.closeTo((i + 1) / 10, 12) as number),
    )
    const after = Array.from({ length: 90 }, (_, step) =>
      learningRateAt({ learningRate: 0.2, schedule: { kind, warmup: 0 }, steps: 90 }, step),
    )
    found.slice(10).forEach((rate, step) => expect(rate).toBeCloseTo(after[step]!, 12))
  })

  test('has drops that a configuration must name', () => {
    const schema = RunConfigSchema.shape.schedule
    expect(schema.safeParse({ kind: 'piecewise' }).success).toBe(false)
    expect(schema.safeParse({ kind: 'piecewise', drops: [0] }).success).toBe(false)
    expect(schema.parse({ kind: 'piecewise', drops: [5] })).toEqual({ kind: 'piecewise', warmup: 0, drops: [5], factor: 0.1 })
  })
})
