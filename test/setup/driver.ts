import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { SetupOptions } from '../../src-main/setup/setup.js'

// A set-up in a process of its own. With a second argument N it kills itself, as if by kill -9, just before its Nth change on disk.
const [options, fatal] = process.argv.slice(2)
let changes = 0
if (fatal !== undefined)
  for (const name of ['mkdir', 'rename', 'writeFile', 'symlink', 'copyFile', 'rm', 'cp'] as const) {
    const original = fs.promises[name] as (...args: unknown[]) => Promise<unknown>
    const counted = (...args: unknown[]): Promise<unknown> => {
      if (++changes === Number(fatal)) process.kill(process.pid, 'SIGKILL')
      return original(...args)
    }
    Object.assign(fs.promises, { [name]: counted })
  }
syncBuiltinESMExports()

const { silentProgress } = await import('../../src-main/setup/progress.js')
const { setUp } = await import('../../src-main/setup/setup.js')
process.stdout.write(JSON.stringify({ outcome: await setUp(silentProgress, JSON.parse(options ?? '{}') as SetupOptions), changes }))
