import { z } from 'zod'
import { describe, expect, it, test } from 'vitest'
import { readConfigFile } from '../../src-main/contract/config-file.js'
import { RunConfigSchema, RunOverridesSchema } from '../../src-main/contract/config.js'
import { allowedBy } from '../../src-main/contract/input-messages.js'
import { CreateRunSchema } from '../../src-main/contract/runs.js'
import { SETTING_KEYS, SettingsSchema } from '../../src-main/contract/settings.js'
import { allDynamics } from '../../src-main/numeric/registry.js'
import { optionSchema, describeOptions } from '../../src-main/contract/architecture-options.js'

/** Patterns of zod's default messages. */
const STOCK = /Invalid|expected|received|Too (small|big)|Unrecognized|pattern/

/** Values such that every scalar, list or object schema rejects some of them. */
const WRONG: unknown[] = [
  null,
  -1,
  0,
  1.5,
  0.5,
  1e12,
  -1e12,
  'nonsense',
  '',
  '0,5',
  true,
  [],
  [[]],
  {},
  { kind: 'none' },
  Infinity,
  NaN,
  undefined,
]

/** Messages for the values that a schema rejects, by path. */
function refusals(schema: z.ZodType): { path: string; message: string }[] {
  return WRONG.flatMap((value) => schema.safeParse(value).error?.issues ?? []).map(({ path, message }) => ({
    path: path.join('.'),
    message,
  }))
}

const configKeys = Object.keys(RunConfigSchema.shape) as (keyof typeof RunOverridesSchema.shape)[]
const options = Object.assign({}, ...allDynamics().map(({ options = {} }) => describeOptions(options))) as ReturnType<
  typeof describeOptions
>

describe('a wrong value', () => {
  test.each(configKeys)('of %s is answered with what is allowed', (key) => {
    const found = refusals(RunOverridesSchema.shape[key])
    expect(found.length).toBeGreaterThan(3)
    for (const { message } of found) {
      expect(message).not.toMatch(STOCK)
      expect(message).toMatch(/^(must be |must consist of |is missing: it must be |has no key ).*[a-z0-9]/)
    }
  })

  test.each(Object.keys(options))('of the option %s is answered with what is allowed', (key) => {
    const found = refusals(optionSchema(options[key]!))
    expect(found.length).toBeGreaterThan(3)
    for (const { message } of found) expect(message).toMatch(/^must be /)
  })

  test.each(SETTING_KEYS)('of the setting %s is answered with what is allowed', (key) => {
    const found = refusals(SettingsSchema.shape[key])
    expect(found.length).toBeGreaterThan(3)
    for (const { message } of found) expect(message).toMatch(/^must be /)
  })
})

it('names range, kind and choices', () => {
  const messageOf = (key: (typeof configKeys)[number], value: unknown): string | undefined =>
    RunOverridesSchema.shape[key].safeParse(value).error?.issues[0]?.message
  expect(messageOf('batch', 0)).toBe('must be a whole number from 1 to 65,536')
  expect(messageOf('batch', 1.5)).toBe('must be a whole number from 1 to 65,536')
  expect(messageOf('h', -1)).toBe('must be a number above 0 and at most 10')
  expect(messageOf('h', '0,05')).toBe('must be a number above 0 and at most 10; write 0.05 with a decimal point')
  expect(messageOf('momentum', 1)).toBe('must be a number from 0 to 0.9999')
  expect(messageOf('evaluateEvery', -1)).toBe('must be a whole number of at least 0')
  expect(messageOf('mode', 'x')).toBe('must be reversible or stored')
  expect(messageOf('optimizer', 3)).toBe('must be sgd, nesterov, adam or adamw')
  expect(messageOf('anchorEvery', 'often')).toBe('must be a whole number of at least 0 or auto')
  expect(messageOf('fusedKernels', 'yes')).toBe('must be true or false')
  expect(messageOf('stages', [])).toBe('must be a list of 1 to 16 items')
  expect(messageOf('image', 3)).toBe('must be an object with height, width, channels')
  expect(messageOf('schedule', { kind: 'steps' })).toBe('must be constant, piecewise, cosine or onecycle')
  expect(messageOf('arch', '')).toBe('must be text of at least 1 character')
})

it('describes schemas of every form', () => {
  expect(allowedBy(z.string().max(40))).toBe('text of at most 40 characters')
  expect(allowedBy(z.int().max(3))).toBe('a whole number of at most 3')
  expect(allowedBy(z.number().lt(1))).toBe('a number below 1')
  expect(allowedBy(z.array(z.int()).length(2))).toBe('a list of 2 items')
  expect(allowedBy(z.record(z.string(), z.int()))).toBe('an object')
})

it('reaches requests and configuration files', () => {
  const request = CreateRunSchema.safeParse({ preset: 'p', dataset: 'd', overrides: { batch: 0 }, extra: 1 })
  expect(request.error!.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
    ['overrides.batch', 'must be a whole number from 1 to 65,536'],
    ['', 'has no key extra'],
  ])
  const { issues } = readConfigFile('{ "h": "0,1", "stages": [{ "channels": 0 }] }', [])
  expect(issues).toEqual([
    { path: 'stages.0.channels', message: 'must be a whole number from 1 to 4096' },
    { path: 'stages.0.units', message: 'is missing: it must be a whole number from 1 to 10,000' },
    { path: 'h', message: 'must be a number above 0 and at most 10; write 0.1 with a decimal point' },
  ])
})
