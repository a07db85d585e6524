import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import {
  CONFIG_VERSION,
  configVersions,
  migrateConfig,
  readConfig,
  readStoredConfig,
  storeConfig,
} from '../../src-main/contract/stored-config.js'
import { versionsOf } from '../../src-main/contract/versions.js'
import { sampleConfig } from '../fixtures/records.js'
import keysByVersion from './config-keys.json' with { type: 'json' }

interface Node {
  properties?: Record<string, Node>
  items?: Node
  anyOf?: Node[]
  oneOf?: Node[]
  enum?: unknown[]
  const?: unknown
}

/** Every key by its path, with the values that it may have where they are a list. */
function keysOf(node: Node, path: string, into: Record<string, unknown[]>): Record<string, unknown[]> {
  const values = node.enum ?? ('const' in node ? [node.const] : [])
  if (path) into[path] = [...(into[path] ?? []), ...values]
  for (const [key, inside] of Object.entries(node.properties ?? {})) keysOf(inside, path ? `${path}.${key}` : key, into)
  for (const each of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) keysOf(each, path, into)
  if (node.items) keysOf(node.items, path, into)
  return into
}

describe('the form of configurations', () => {
  const today = keysOf(z.toJSONSchema(RunConfigSchema) as Node, '', {})
  const recorded = (keysByVersion as Record<string, Record<string, unknown[]>>)[CONFIG_VERSION] ?? {}

  it('has changed only together with its version: see "Adding a key" in docs/formats.md', () => {
    expect(Object.keys(today).sort(), 'keys of RunConfigSchema against config-keys.json').toEqual(Object.keys(recorded).sort())
  })

  it('still allows every value that it did', () => {
    for (const [key, values] of Object.entries(recorded)) expect(today[key], key).toEqual(expect.arrayContaining(values))
  })

  it('has a test for each migration', () => {
    const names = (folder: string): string[] => readdirSync(folder).map((file) => file.replace(/(\.test)?\.ts$/, ''))
    const migrations = names(resolve(import.meta.dirname, '../../src-main/contract/config-versions'))
    expect(migrations).toHaveLength(CONFIG_VERSION - 1)
    expect(names(join(import.meta.dirname, 'config-versions'))).toEqual(migrations)
  })
})

test('migrations without a gap are wanted', () => {
  const same = (value: string): string => value
  expect(() => versionsOf({ './v/0003-b.ts': same })).toThrow(/without a gap/)
  expect(() => versionsOf({ './v/0002-a.ts': same, './v/0002-b.ts': same })).toThrow(/without a gap/)
  const versions = versionsOf<string>({ './v/0003-b.ts': (text) => `${text}3`, './v/0002-a.ts': (text) => `${text}2` })
  expect([versions.current, versions.migrate(1, ''), versions.migrate(2, ''), versions.migrate(3, '')]).toEqual([3, '23', '3', ''])
})

describe('a stored configuration', () => {
  const config = sampleConfig({ h: 0.3, schedule: { kind: 'piecewise', warmup: 1, drops: [5], factor: 0.5 } })

  it('is read as it was stored', () => {
    expect(readStoredConfig(storeConfig(config))).toEqual(config)
  })

  it('is left as it is by its migrations', () => {
    const frozen = Object.freeze({ ...config })
    for (let version = 1; version <= CONFIG_VERSION; version++) configVersions.migrate(version, frozen)
    expect(frozen).toEqual(config)
  })

  it('of version 1 does what that version did, also where the default is another today', () => {
    const { memoryBudget: _, execution: __, fusedKernels: ___, ...old } = config // eslint-disable-line @typescript-eslint/no-unused-vars
    expect(readConfig(1, old)).toMatchObject({ h: 0.3, execution: 'eager', fusedKernels: false, memoryBudget: 0 })
    expect(sampleConfig().execution).toBe('compiled')
  })

  it.each([
    ['a key that was never one', { ...config, oldKey: [3] }, CONFIG_VERSION, /version \d.*oldKey: is not a configuration key/],
    ['a key that is missing', { ...config, momentum: undefined }, CONFIG_VERSION, /version \d.*lacks the key momentum/],
    ['a part of a value that is missing', { ...config, augment: { pad: 1 } }, CONFIG_VERSION, /lacks the key augment\.flip/],
    ['a value that is wrong', { ...config, h: -1 }, CONFIG_VERSION, /version \d.*h: /],
    [
      'a later version',
      config,
      CONFIG_VERSION + 1,
      new RegExp(`version ${CONFIG_VERSION + 1}.*reads versions 1 to ${CONFIG_VERSION}\\. Update`),
    ],
    ['no version', config, Number.NaN, /version NaN/],
    ['no object', [1], 1, /not a JSON object/],
  ])('with %s is refused by name, with the remedy', (_, raw, version, message) => {
    const text = JSON.stringify(raw)
    expect(() => readStoredConfig({ version, text })).toThrow(message)
    expect(() => readStoredConfig({ version, text })).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }))
  })

  it('that is cut off is refused', () => {
    expect(() => readStoredConfig({ version: 1, text: '{"h": 0.' })).toThrow(/is not valid JSON/)
    expect(() => migrateConfig(1, null)).toThrow(/not a JSON object/)
  })
})
