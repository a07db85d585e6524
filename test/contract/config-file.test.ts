import fc from 'fast-check'
import { z } from 'zod'
import { expect, test } from 'vitest'
import { describeOptions } from '../../src-main/contract/architecture-options.js'
import { readConfigFile, writeConfigFile } from '../../src-main/contract/config-file.js'
import { field, fieldInfo, RunConfigSchema } from '../../src-main/contract/config.js'
import { CONFIG_VERSION } from '../../src-main/contract/stored-config.js'
import { sampleConfig } from '../fixtures/records.js'

/** An architecture with an option. */
const DAMPED = [
  {
    options: describeOptions({ damping: field(z.number().min(0).default(0), { group: 'Network', label: 'Damping', help: 'Of a test.' }) }),
  },
]
const read = (text: string) => readConfigFile(text, DAMPED)

test('a configuration is read as it was written', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 10, noNaN: true }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.array(fc.integer({ min: 1, max: 1e6 }), { maxLength: 5 }),
      (h, seed, drops) => {
        const config = sampleConfig({ h, seed, schedule: { kind: 'piecewise', warmup: 3, drops, factor: 0.1 }, memoryBudget: 'auto' })
        expect(read(writeConfigFile(config))).toEqual({ config, issues: null })
      },
    ),
  )
})

test('a part of one is read as that part: nothing is filled in', () => {
  expect(read('{ "h": 0.5 }')).toEqual({ config: { h: 0.5 }, issues: null })
})

test.each([
  ['', /is empty/],
  ['{ "h": ', /not valid JSON/],
  ['[1]', /must contain a JSON object/],
  [`"${'x'.repeat(2 ** 20)}"`, /larger than 1 MiB/],
])('%.12j is refused', (text, message) => {
  const { config, issues } = read(text)
  expect(config).toBeNull()
  expect(issues![0]).toMatchObject({ path: '', message: expect.stringMatching(message) as string })
})

test('an option of an architecture is read as the other keys are', () => {
  expect(read('{ "damping": 0.3 }')).toEqual({ config: { damping: 0.3 }, issues: null })
  expect(read('{ "damping": [1] }').issues).toMatchObject([{ path: 'damping' }])
})

test('every wrong field and every unknown key is named', () => {
  const { issues } = read('{ "learningrate": 1, "zzz": 2, "h": -1, "stages": [{ "channels": 0, "units": 1 }] }')
  expect(issues!.map(({ path }) => path).sort()).toEqual(['h', 'learningrate', 'stages.0.channels', 'zzz'])
  expect(issues!.find(({ path }) => path === 'learningrate')?.message).toMatch(/did you mean learningRate\?/)
})

test('every key says what it is, and the ideas of the papers where they come from', () => {
  const info = Object.fromEntries(Object.entries(RunConfigSchema.shape).map(([key, schema]) => [key, fieldInfo(schema)]))
  for (const [key, about] of Object.entries(info)) expect(about?.help.length, key).toBeGreaterThan(5)
  const ofPapers = ['arch', 'stages', 'h', 'activation', 'start', 'mode', 'unitNorm', 'maps', 'augment', 'batch', 'optimizer', 'learningRate', 'momentum', 'schedule', 'weightDecay', 'smoothness', 'smoothnessForm', 'labelSmoothing', 'clipNorm', 'subset', 'anchorEvery', 'memoryBudget'] // prettier-ignore
  for (const key of ofPapers) expect(info[key]?.source, key).toMatch(/\d{4}|code/)
})

test('a file that says its version, or is a whole one from before there were versions, does what that version did', () => {
  const { memoryBudget: _, execution: __, fusedKernels: ___, ...old } = sampleConfig({ h: 0.3 }) // eslint-disable-line @typescript-eslint/no-unused-vars
  expect(read(JSON.stringify(old))).toMatchObject({ issues: null, config: { h: 0.3, execution: 'eager', fusedKernels: false } })
  expect(read('{ "configVersion": 1, "h": 0.3 }')).toMatchObject({ issues: null, config: { h: 0.3, execution: 'eager' } })
  expect(JSON.parse(writeConfigFile(sampleConfig()))).toMatchObject({ configVersion: CONFIG_VERSION })
})

test.each(['999', '"2"', '0'])('a file of version %s is refused: it is of none that this Retrace knows', (version) => {
  const { issues } = read(`{ "configVersion": ${version}, "h": 0.3 }`)
  expect(issues).toMatchObject([{ path: 'configVersion', message: expect.stringMatching(/version .* Update Retrace/) as string }])
})
