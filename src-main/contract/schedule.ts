import { z } from 'zod'

/** The kinds of schedules, with the given schemas for the length of the warm-up and the position of a drop. */
const kinds = <Shape extends { warmup: z.ZodType }, Drop extends z.ZodType>(shape: Shape, drop: Drop) =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('constant'), ...shape }),
    z.strictObject({
      kind: z.literal('piecewise'),
      ...shape,
      /** When the learning rate is multiplied by `factor`. */
      drops: z.array(drop).max(64),
      factor: z.number().positive().max(1).default(0.1),
    }),
    z.strictObject({ kind: z.literal('cosine'), ...shape }),
    z.strictObject({ kind: z.literal('onecycle'), ...shape }),
  ])

const warmup = z.int().min(0).default(0)
const drop = z.int().positive()

/** How the learning rate changes over a run, in steps: the form in which runs store it. */
export const ScheduleSchema = kinds({ warmup }, drop)
export type Schedule = z.infer<typeof ScheduleSchema>

/** The same in fractions of the run, 0 to 1, for recipes that fit runs of any length. */
export const FractionScheduleSchema = kinds(
  { warmup: z.number().min(0).max(1).default(0), unit: z.literal('fraction') },
  z.number().positive().max(1),
)
export type FractionSchedule = z.infer<typeof FractionScheduleSchema>

/** A schedule as given by presets, forms and the command line. */
export const ScheduleInputSchema = z.discriminatedUnion('unit', [
  kinds({ warmup, unit: z.literal('steps').optional() }, drop),
  FractionScheduleSchema,
])
export type ScheduleInput = z.input<typeof ScheduleInputSchema>

/**
 * Converts a schedule to steps of a run of the given length. Runs store the result, so that no later change to presets, lengths or code
 * can move a drop.
 */
export function scheduleInSteps(input: ScheduleInput, steps: number): Schedule {
  const { unit, ...schedule } = ScheduleInputSchema.parse(input)
  if (unit !== 'fraction') return ScheduleSchema.parse(schedule)
  const at = (part: number): number => Math.round(part * steps)
  const warmup = at(schedule.warmup)
  if (schedule.kind !== 'piecewise') return { ...schedule, warmup }
  return { ...schedule, warmup, drops: schedule.drops.map((part) => Math.max(1, at(part))) }
}

/** Converts a schedule to fractions of a run of the given length, for a form that switches to them. */
export function scheduleInParts(schedule: Schedule, steps: number): FractionSchedule {
  const part = (step: number): number => Math.min(1, Number((step / steps).toFixed(6)))
  const { warmup, ...rest } = schedule
  const common = { unit: 'fraction', warmup: part(warmup) } as const
  if (rest.kind !== 'piecewise') return { ...rest, ...common }
  return { ...rest, ...common, drops: rest.drops.map((drop) => Math.max(1e-6, part(drop))) }
}
