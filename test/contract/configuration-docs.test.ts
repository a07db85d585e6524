import { resolve } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { fieldInfo, RunConfigSchema, type FieldInfo } from '../../src-main/contract/config.js'
import { allDynamics } from '../../src-main/numeric/registry.js'

const FILE = resolve(import.meta.dirname, '../../docs/configuration.md')
const GROUPS: FieldInfo['group'][] = ['Network', 'Training', 'Data', 'Evaluation', 'Run']

const INTRODUCTION = `# Configuration

All configuration keys, generated from the schemas by \`npm test -- configuration-docs -u\`. \`--set KEY=VALUE\` and \`--config\` files use these keys,
forms show their labels, and every run is stored with all of them. [glossary.md](glossary.md) defines the terms.`

const code = (value: unknown): string => (value === undefined ? '' : `\`${JSON.stringify(value)}\``)

function row(key: string, schema: z.ZodType): string {
  const { label, unit = '', help, source = '' } = fieldInfo(schema)!
  const byDefault = schema.safeParse(undefined)
  return `| \`${key}\` | ${[label, unit, code(byDefault.success ? byDefault.data : undefined), help, source].map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
}

const table = (rows: string[]): string =>
  ['| key | label | unit | default | description | source |', '| - | - | - | - | - | - |', ...rows].join('\n')

/** The documentation is generated from the schemas, including those of the dynamics. */
test('docs/configuration.md has every key', async () => {
  const keys = Object.entries(RunConfigSchema.shape as Record<string, z.ZodType>)
  const ofAll = GROUPS.map((group) => {
    const rows = keys.filter(([, schema]) => fieldInfo(schema)?.group === group).map(([key, schema]) => row(key, schema))
    return `## ${group}\n\n${table(rows)}`
  })
  const own = allDynamics().flatMap(({ label, id, options = {} }) => {
    const rows = Object.entries(options).map(([key, schema]) => row(key, schema))
    return rows.length ? [`### ${label} (\`${id}\`)\n\n${table(rows)}`] : []
  })
  const page = [INTRODUCTION, ...ofAll, '## Options of individual architectures', ...own].join('\n\n')
  await expect(await format(page, { ...(await resolveConfig(FILE)), parser: 'markdown' })).toMatchFileSnapshot(FILE)
})
