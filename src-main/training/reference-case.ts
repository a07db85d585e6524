import { z } from 'zod'
import { OptionValueSchema, StageSchema } from '../contract/config.js'
import { UserError } from '../contract/errors.js'
import type { ReferenceCase } from '../numeric/parity.js'
import { readSafetensors } from './safetensors.js'

const ConfigSchema = z
  .object({
    arch: z.string(),
    classes: z.int().min(2),
    stages: z.array(StageSchema).min(1),
    h: z.number(),
    activation: z.enum(['relu', 'tanh']),
    start: z.enum(['zero', 'rest']),
    unitNorm: z.enum(['none', 'batch']).default('none'),
    edgeNorm: z.enum(['none', 'batch']).default('batch'),
    weightDecay: z.number(),
    smoothness: z.number(),
    learningRate: z.number(),
    momentum: z.number(),
  })
  .catchall(OptionValueSchema)
const LossesSchema = z.array(z.object({ crossEntropy: z.number(), total: z.number() })).length(3)

/** Reads a case written by the reference implementation (make_fixtures.py). @throws UserError naming what is missing */
export async function readReferenceCase(path: string): Promise<ReferenceCase> {
  const { metadata, tensors } = await readSafetensors(path)
  const parse = <T>(key: string, schema: z.ZodType<T>): T => {
    const refuse = (why: string): UserError => new UserError('BAD_INPUT', `${path} is not a reference case: its metadata '${key}' ${why}`)
    if (metadata[key] === undefined) throw refuse('is missing')
    let value: unknown
    try {
      value = JSON.parse(metadata[key])
    } catch {
      throw refuse('is not valid JSON')
    }
    const parsed = schema.safeParse(value)
    if (!parsed.success) throw refuse(`is not valid: ${parsed.error.issues[0]!.path.join('.')} ${parsed.error.issues[0]!.message}`)
    return parsed.data
  }
  return { config: parse('config', ConfigSchema), losses: parse('losses', LossesSchema), tensors }
}
