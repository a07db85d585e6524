import { describe, expect, test } from 'vitest'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import { ScheduleInputSchema, scheduleInParts, scheduleInSteps, type Schedule } from '../../src-main/contract/schedule.js'
import { presets } from '../../src-main/numeric/presets.js'
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

describe('a schedule in parts of the run', () => {
  const recipe = presets.find(({ name }) => name === 'hamiltonian-74')!.config

  test('is the paper\u2019s at the length of the paper: 80, 120 and 160 epochs of 500 steps', () => {
    expect(recipe.steps).toBe(160 * 500)
    const { schedule } = recipe
    expect(scheduleInSteps(schedule!, 80_000)).toEqual({ kind: 'piecewise', warmup: 0, drops: [40_000, 60_000, 80_000], factor: 0.1 })
    expect(scheduleInSteps(schedule!, 1200)).toMatchObject({ drops: [600, 900, 1200] })
    expect(scheduleInSteps(schedule!, 1)).toMatchObject({ drops: [1, 1, 1] })
  })

  test('has warm-up in parts too, and there and back is the same', () => {
    expect(scheduleInSteps({ kind: 'cosine', unit: 'fraction', warmup: 0.05 }, 640)).toEqual({ kind: 'cosine', warmup: 32 })
    const inSteps: Schedule = { kind: 'piecewise', warmup: 7, drops: [333, 777], factor: 0.2 }
    expect(scheduleInSteps(scheduleInParts(inSteps, 1000), 1000)).toEqual(inSteps)
    expect(scheduleInSteps({ unit: 'steps', ...inSteps }, 10)).toEqual(inSteps)
  })

  test.each([
    { kind: 'piecewise', unit: 'fraction', drops: [40_000] },
    { kind: 'piecewise', unit: 'fraction', drops: [0] },
    { kind: 'piecewise', drops: [0.5] },
    { kind: 'cosine', unit: 'fraction', warmup: 2 },
    { kind: 'cosine', unit: 'epochs', warmup: 2 },
  ])('refuses %j', (schedule) => expect(ScheduleInputSchema.safeParse(schedule).success).toBe(false))

  test('is never stored', () => {
    expect(RunConfigSchema.shape.schedule.safeParse(recipe.schedule).success).toBe(false)
  })
})
