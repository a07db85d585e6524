import { z } from 'zod'
import { UserError } from '../contract/errors.js'
import type { StudyOutcome, WorkOf } from '../contract/studies.js'

/** A number in a result, as computed: JSON has NaN and infinities by name. */
export const computed = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)])

/** Options and results are objects of numbers, booleans, texts and lists, as in JSON. */
type Values = z.ZodObject

export interface ComputationDefinition<Options extends Values = Values, Result extends Values = Values> {
  /** The name of its file; a part of every key. */
  id: string
  /** Increased when the same options give another result, or another form of it: cells of an earlier revision are not taken over. */
  revision: number
  options: Options
  result: Result
  /**
   * A pure function of its options, including seeds. It blocks its thread.
   * @param progress called occasionally with the fraction that is done, 0 to 1
   */
  compute(options: z.output<Options>, progress: (fraction: number) => void): z.output<Result>
}

/** A computation as used by templates. */
export interface Computation<Options extends Values = Values, Result extends Values = Values> extends ComputationDefinition<
  Options,
  Result
> {
  /** Parses its options. @throws UserError BAD_INPUT that names the invalid ones */
  read(options: Record<string, unknown>): z.output<Options>
  /** The work of a cell with this computation. @throws UserError like `read` */
  work(options: z.output<Options>): WorkOf<'computation'>
  /** The result of a cell; null while there is none, if it failed, and for another computation or revision. */
  resultOf(outcome: Pick<StudyOutcome, 'work' | 'measured'>): z.output<Result> | null
}

export const defineComputation = <Options extends Values, Result extends Values>(
  definition: ComputationDefinition<Options, Result>,
): Computation<Options, Result> => ({
  ...definition,
  read: (options) => readOptions(definition.options, options),
  work: (options) => ({
    kind: 'computation',
    computation: definition.id,
    revision: definition.revision,
    options: readOptions(definition.options, options) as WorkOf<'computation'>['options'],
  }),
  resultOf: ({ work, measured }) =>
    measured !== null && work.kind === 'computation' && work.computation === definition.id && work.revision === definition.revision
      ? definition.result.parse(measured)
      : null,
})

function readOptions<Options extends Values>(schema: Options, options: Record<string, unknown>): z.output<Options> {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  throw new UserError('BAD_INPUT', parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}.`).join(' '))
}
