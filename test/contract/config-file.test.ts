import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readConfigFile, writeConfigFile } from '../../src-main/contract/config-file.js'
import { fieldInfo, RunConfigSchema } from '../../src-main/contract/config.js'
import { sampleConfig } from '../fixtures/records.js'

test('a configuration is read as it was written', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 10, noNaN: true }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.array(fc.integer({ min: 1, max: 1e6 }), { maxLength: 5 }),
      (h, seed, drops) => {
        const config = sampleConfig({ h, seed, schedule: { kind: 'piecewise', warmup: 3, drops, factor: 0.1 }, memoryBudget: 'auto' })
        expect(readConfigFile(writeConfigFile(config))).toEqual({ config, issues: null })
      },
    ),
  )
})

test('a part of one is read as that part: nothing is filled in', () => {
  expect(readConfigFile('{ "h": 0.5 }')).toEqual({ config: { h: 0.5 }, issues: null })
})

test.each([
  ['', /nothing in it/],
  ['{ "h": ', /no JSON/],
  ['[1]', /is a JSON object/],
  [`"${'x'.repeat(2 ** 20)}"`, /longer than 1 MiB/],
])('%.12j is refused', (text, message) => {
  const { config, issues } = readConfigFile(text)
  expect(config).toBeNull()
  expect(issues![0]).toMatchObject({ path: '', message: expect.stringMatching(message) as string })
})

test('every wrong field and every unknown key is named', () => {
  const { issues } = readConfigFile('{ "learningrate": 1, "zzz": 2, "h": -1, "stages": [{ "channels": 0, "units": 1 }] }')
  expect(issues!.map(({ path }) => path).sort()).toEqual(['h', 'learningrate', 'stages.0.channels', 'zzz'])
  expect(issues!.find(({ path }) => path === 'learningrate')?.message).toMatch(/did you mean learningRate\?/)
})

test('every key says what it is, and the ideas of the papers where they come from', () => {
  const info = Object.fromEntries(Object.entries(RunConfigSchema.shape).map(([key, schema]) => [key, fieldInfo(schema)]))
  for (const [key, field] of Object.entries(info)) expect(field?.help.length, key).toBeGreaterThan(5)
  const ofPapers = ['arch', 'stages', 'h', 'activation', 'start', 'mode', 'unitNorm', 'maps', 'augment', 'batch', 'optimizer', 'learningRate', 'momentum', 'schedule', 'weightDecay', 'smoothness', 'smoothnessForm', 'labelSmoothing', 'clipNorm', 'subset', 'anchorEvery', 'memoryBudget'] // prettier-ignore
  for (const key of ofPapers) expect(info[key]?.source, key).toMatch(/\d{4}|code/)
})
