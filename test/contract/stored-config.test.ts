import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import { fieldInfo, RunConfigSchema } from '../../src-main/contract/config.js'
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

interface Node {
  properties?: Record<string, Node>
  items?: Node
  anyOf?: Node[]
  oneOf?: Node[]
  enum?: unknown[]
  const?: unknown
}

/** Every key by its path, with its allowed values if they are an enumeration. */
function keysOf(node: Node, path: string, into: Record<string, unknown[]>): Record<string, unknown[]> {
  const values = node.enum ?? ('const' in node ? [node.const] : [])
  if (path) into[path] = [...(into[path] ?? []), ...values]
  for (const [key, inside] of Object.entries(node.properties ?? {})) keysOf(inside, path ? `${path}.${key}` : key, into)
  for (const each of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) keysOf(each, path, into)
  if (node.items) keysOf(node.items, path, into)
  return into
}

/** The list of one version, recorded when the version was created. */
const listOf = (version: number): string => join(import.meta.dirname, 'config-keys', `${version}.json`)
const recorded = (version: number): Record<string, unknown[]> =>
  existsSync(listOf(version)) ? (JSON.parse(readFileSync(listOf(version), 'utf8')) as Record<string, unknown[]>) : {}

const added = Object.entries<z.ZodType>(RunConfigSchema.shape).flatMap(([key, schema]) => {
  const since = fieldInfo(schema)?.since
  return since ? [{ key, schema, ...since }] : []
})

describe('the form of configurations', () => {
  const today = keysOf(z.toJSONSchema(RunConfigSchema) as Node, '', {})

  it('has changed only together with its version (docs/adding-a-key.md), and still allows every value that it did', async () => {
    const known = recorded(CONFIG_VERSION)
    const keys = [...Object.keys(known).filter((key) => key in today), ...Object.keys(today).filter((key) => !(key in known))]
    // A value that was allowed later needs no version and is not in any list.
    const list = keys.map((key) => [key, (known[key] ?? today[key])!.filter((value) => today[key]!.includes(value))])
    const text = JSON.stringify(Object.fromEntries(list))
    const file = listOf(CONFIG_VERSION)
    await expect(await format(text, { ...(await resolveConfig(file)), parser: 'json' })).toMatchFileSnapshot(file)
  })

  it('got the keys that say so with each version, and no others', () => {
    for (let version = 2; version <= CONFIG_VERSION; version++) {
      if (migrations.some((name) => Number(name.slice(0, 4)) === version)) continue
      const [before, after] = [recorded(version - 1), version === CONFIG_VERSION ? today : recorded(version)].map((keys) =>
        Object.keys(keys).filter((key) => !key.includes('.')),
      )
      const saying = added.filter((key) => key.version === version).map(({ key }) => key)
      expect(after!.filter((key) => !before!.includes(key)).sort(), `version ${version}`).toEqual(saying.sort())
      expect(after, `version ${version}`).toEqual(expect.arrayContaining(before!))
    }
  })

  it.each(added)(
    'has $key since version $version, and an earlier configuration the value of its time',
    ({ key, schema, version, before }) => {
      expect(schema.parse(before)).toEqual(before)
      expect(configVersions.migrate(version - 1, {}, version)).toHaveProperty(key, before)
      expect(configVersions.migrate(version, {}, version)).not.toHaveProperty(key)
      expect(configVersions.migrate(version - 1, { [key]: 'its own' }, version)).toHaveProperty(key, 'its own')
    },
  )

  const names = (folder: string): string[] =>
    existsSync(folder) ? readdirSync(folder).map((file) => file.replace(/(\.test)?\.ts$/, '')) : []
  const migrations = names(resolve(import.meta.dirname, '../../src-main/contract/config-versions'))

  it('has a test for each migration that is a file', () => {
    expect(names(join(import.meta.dirname, 'config-versions'))).toEqual(expect.arrayContaining(migrations))
  })
})

test('migrations without a gap are wanted', () => {
  const same = (value: string): string => value
  expect(() => versionsOf({ './v/0003-b.ts': same })).toThrow(/without a gap/)
  expect(() => versionsOf({ './v/0002-a.ts': same, './v/0002-b.ts': same })).toThrow(/without a gap/)
  const versions = versionsOf<string>({ './v/0003-b.ts': (text) => `${text}3`, './v/0002-a.ts': (text) => `${text}2` })
  expect([versions.current, versions.migrate(1, ''), versions.migrate(2, ''), versions.migrate(3, '')]).toEqual([3, '23', '3', ''])
  expect(versions.migrate(1, '', 2)).toBe('2')
})

test('a version can have further migrations beside a file, or instead of one', () => {
  const files = { './v/0002-a.ts': (text: string) => `${text}2` }
  const further = (to: number) => ({ to, migrate: (text: string) => `${text}+${to}` })
  const versions = versionsOf(files, [further(3), further(2)])
  expect([versions.current, versions.migrate(1, '')]).toEqual([3, '2+2+3'])
  expect(() => versionsOf(files, [further(4)])).toThrow(/without a gap/)
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
