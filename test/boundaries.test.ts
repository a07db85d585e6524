import { join } from 'node:path'
import { ESLint } from 'eslint'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

/** The lint errors of a file with this line. */
async function findings(file: string, line: string): Promise<string[]> {
  const [result] = await new ESLint({ cwd: root }).lintText(`${line}\n`, { filePath: join(root, file) })
  return result!.messages.flatMap(({ ruleId, message }) => (/unused/.test(ruleId ?? '') ? [] : [`${ruleId}: ${message}`]))
}

it.each([
  ['src-main/numeric/network.ts', "import { openDatabase } from '../storage/database.js'"],
  ['src-main/numeric/network.ts', "import { readFile } from 'node:fs/promises'"],
  ['src-main/lab/run.ts', "import { readCheckpoint } from '../training/checkpoint.js'"],
  ['src-main/contract/runs.ts', "import { trainStep } from '../numeric/train-step.js'"],
  ['src-main/features/runs/runs.ts', "import { openDatabase } from '../../storage/database.js'"],
  ['src-main/features/runs/runs.ts', "import type { Database } from '../../storage/database.js'"],
  ['src-main/transport/memory.ts', "import { VERSION } from '../hosts/version.js'"],
  ['src-renderer/ui/describe.ts', "import { formatBytes } from '../../src-main/hosts/cli/format.js'"],
  ['src-renderer/ui/describe.ts', "import { useConnection } from '../home/api.js'"],
  ['src-renderer/datasets/dropped.ts', "import { useRunActions } from '../runs/run-actions.js'"],
  ['src-renderer/home/describe.ts', "import { router } from '../../src-main/features/router.js'"],
  ['src-renderer/home/describe.ts', "import type { Features } from '../../src-main/features/open.js'"],
  ['src-main/training/train.ts', 'export const told = Date.now()'],
  ['src-renderer/ui/describe.ts', 'export const took = { seconds: new Date() }'],
  ['src-main/hosts/launcher/start.mjs', 'export const clock = { now: Date.now }'],
  ['src-main/features/runs/runs.ts', 'export const left = (ports: { clock: { now(): number } }): number => ports.clock.now() - 5'],
])('the lint refuses in %s: %s', async (file, line) => {
  expect(await findings(file, line)).toHaveLength(1)
})

it('the lint allows what every layer may import, and the clock of the machine as a label', async () => {
  expect(await findings('src-main/numeric/network.ts', "import { UserError } from '../contract/errors.js'")).toEqual([])
  expect(await findings('src-renderer/ui/describe.ts', "import type { EngineReport } from '../../src-main/contract/engine.js'")).toEqual([])
  expect(await findings('src-renderer/run/RunTab.ts', "import { useRunActions } from '../runs/run-actions.js'")).toEqual([])
  expect(await findings('src-renderer/home/describe.ts', "import type { AppRouter } from '../../src-main/features/router.js'")).toEqual([])
  expect(await findings('src-main/training/train.ts', 'export const entry = { at: Date.now(), startedAt: Date.now() }')).toEqual([])
  expect(await findings('src-main/hosts/backend.ts', "import { openDatabase } from '../storage/database.js'")).toEqual([])
})
