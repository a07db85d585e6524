import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EXECUTABLE } from './package/facts.mjs'
import { main } from './prepare.mjs'
import { ROOT } from './root.mjs'

/** Runs a newcomer's first steps in a package with its real Electron, driven by Playwright. */
await main(async () => {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) throw new Error('Give the folder of an unpacked package: npm run package:check -- FOLDER.')
  const tree = resolve(folder)
  const names = [EXECUTABLE, `${EXECUTABLE}.exe`]
  if (!names.some((name) => existsSync(join(tree, name))))
    throw new Error(`${tree} holds no ${EXECUTABLE}. Make a package with \`npm run package -- --electron-dist FOLDER\`.`)
  const { status } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'e2e', 'test/e2e/package.test.ts'],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, RETRACE_PACKAGE: tree },
    },
  )
  process.exit(status ?? 1)
})
