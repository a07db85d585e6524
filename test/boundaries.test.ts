import { join } from 'node:path'
import { ESLint } from 'eslint'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

/** What the lint says of one file with this line. */
async function findings(file: string, line: string): Promise<string[]> {
  const [result] = await new ESLint({ cwd: root }).lintText(`${line}\n`, { filePath: join(root, file) })
  return result!.messages.flatMap(({ ruleId, message }) => (/unused/.test(ruleId ?? '') ? [] : [`${ruleId}: ${message}`]))
}

it.each([
  ['src-main/numeric/network.ts', "import { openDatabase } from '../storage/database.js'"],
  ['src-main/numeric/network.ts', "import { readFile } from 'node:fs/promises'"],
  ['src-main/contract/runs.ts', "import { trainStep } from '../numeric/train-step.js'"],
  ['src-main/experiments/runs.ts', "import { openDatabase } from '../storage/database.js'"],
  ['src-main/experiments/runs.ts', "import type { Database } from '../storage/database.js'"],
  ['src-main/transport/memory.ts', "import { VERSION } from '../hosts/version.js'"],
  ['src-renderer/describe.ts', "import { formatBytes } from '../src-main/hosts/cli/format.js'"],
])('the lint refuses in %s: %s', async (file, line) => {
  expect(await findings(file, line)).toHaveLength(1)
})

it('the lint allows what every layer may import', async () => {
  expect(await findings('src-main/numeric/network.ts', "import { UserError } from '../contract/errors.js'")).toEqual([])
  expect(await findings('src-renderer/describe.ts', "import type { EngineReport } from '../src-main/contract/engine.js'")).toEqual([])
  expect(await findings('src-main/hosts/backend.ts', "import { openDatabase } from '../storage/database.js'")).toEqual([])
})
