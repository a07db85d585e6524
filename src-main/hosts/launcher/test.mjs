import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { main, prepare, tell } from './prepare.mjs'
import { ROOT } from './root.mjs'

/** @typedef {[title: string, script: string, ...args: string[]]} Step */

/** Static checks, which are independent of each other. @type {Step[]} */
const CHECKS = [
  ['type check, main', 'typescript/bin/tsc', '-p', '.'],
  ['type check, renderer', 'vue-tsc/bin/vue-tsc.js', '--noEmit', '-p', 'src-renderer'],
  ['lint', 'eslint/bin/eslint.js', '.', '--max-warnings', '0'],
  ['import circles', 'dependency-cruiser/bin/dependency-cruise.mjs', 'src-main', 'src-renderer', '--config', '.dependency-cruiser.cjs'],
  ['format', 'prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
]

/**
 * Runs one step until it ends.
 * @param {Step} step
 * @param {'inherit' | 'pipe'} output whether its output goes directly to the terminal or, for concurrent steps, is printed when it has
 *   ended
 */
async function run([title, script, ...args], output) {
  const started = performance.now()
  tell(`== ${title}`)
  const child = spawn(process.execPath, [join(ROOT, 'node_modules', script), ...args], { cwd: ROOT, stdio: ['ignore', output, output] })
  /** @type {Buffer[]} */
  const chunks = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => chunks.push(chunk))
  const ended = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve(signal ?? (status === 0 ? null : `status ${status}`)))
  })
  process.stderr.write(Buffer.concat(chunks))
  if (ended !== null) throw new Error(`${title} failed (${ended}).`)
  tell(`== ${title}: ok (${((performance.now() - started) / 1000).toFixed(0)} s)`)
}

/** Runs steps concurrently, one per core, all of them to the end. @param {Step[]} steps */
async function runSideBySide(steps) {
  const waiting = [...steps]
  /** @type {string[]} */
  const failures = []
  const worker = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift())
      await run(step, 'pipe').catch((error) => failures.push(error instanceof Error ? error.message : String(error)))
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), steps.length) }, worker))
  if (failures.length > 0) throw new Error(failures.join(' '))
}

await main(async () => {
  const [first, ...rest] = process.argv.slice(2)
  const full = first === '--full'
  const patterns = full ? rest : process.argv.slice(2)
  // Read by the tests: see test/fixtures/slice.ts.
  if (full) process.env.RETRACE_TEST = 'full'
  tell('== set-up and build')
  await prepare({ skip: ['electron'] })
  // When specific tests are requested, the static checks are skipped, so that results arrive in seconds.
  if (patterns.length === 0) await runSideBySide(CHECKS)
  await run(['tests', 'vitest/vitest.mjs', 'run', ...patterns], 'inherit')
})
