import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { main, prepare, tell } from './prepare.mjs'
import { ROOT } from './root.mjs'

/** @type {[title: string, script: string, ...args: string[]][]} */
const STEPS = [
  ['type check, main', 'typescript/bin/tsc', '-p', '.'],
  ['type check, renderer', 'vue-tsc/bin/vue-tsc.js', '--noEmit', '-p', 'src-renderer'],
  ['lint', 'eslint/bin/eslint.js', '.', '--max-warnings', '0'],
  ['format', 'prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  ['tests', 'vitest/vitest.mjs', 'run', ...process.argv.slice(2)],
]

await main(async () => {
  tell('== set-up and build')
  await prepare({ skip: ['electron'] })
  for (const [title, script, ...args] of STEPS) {
    const started = performance.now()
    tell(`== ${title}`)
    const { status, signal } = spawnSync(process.execPath, [join(ROOT, 'node_modules', script), ...args], { cwd: ROOT, stdio: 'inherit' })
    if (status !== 0) throw new Error(`${title} failed (${signal ?? `status ${status}`}).`)
    tell(`== ${title}: ok (${((performance.now() - started) / 1000).toFixed(0)} s)`)
  }
})
