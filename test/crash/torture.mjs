// `npm run torture -- --minutes N --seed S`: kills hosts and trainers, and damages files of every kind that is read, with consecutive seeds
// starting at S; a new seed tries new cases. Writes how many faults were survived to docs/reliability.md, or reports the seed that failed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const ROOT = join(import.meta.dirname, '../..')
const PAGE = join(ROOT, 'docs', 'reliability.md')
const [BEGIN, END] = ['<!-- torture: begin -->', '<!-- torture: end -->']

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } } })
const [minutes, first] = [Number(values.minutes), Number(values.seed)]
if (!(minutes > 0) || !Number.isInteger(first)) throw new Error('give --minutes, a number above 0, and --seed, a whole number')

const folder = mkdtempSync(join(tmpdir(), 'retrace-torture-'))
const counts = join(folder, 'counts.jsonl')
writeFileSync(counts, '')
const until = Date.now() + minutes * 60_000
let seed = first
for (; Date.now() < until; seed++) {
  const env = { ...process.env, RETRACE_TORTURE_SEED: String(seed), RETRACE_TORTURE_CASES: '4', RETRACE_TORTURE_COUNTS: counts }
  const args = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'main', 'test/crash', '--reporter', 'dot']
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' })
  if (status !== 0) {
    console.error(
      `torture: something did not survive seed ${seed}; \`RETRACE_TORTURE_SEED=${seed} RETRACE_TORTURE_CASES=4 npx vitest run test/crash\` repeats it.`,
    )
    process.exit(1)
  }
}

/** @type {Map<string, number>} */
const sums = new Map()
for (const line of readFileSync(counts, 'utf8').split('\n').filter(Boolean)) {
  const { what, count } = /** @type {{ what: string, count: number }} */ (JSON.parse(line))
  sums.set(what, (sums.get(what) ?? 0) + count)
}
rmSync(folder, { recursive: true })

const rows = [...sums].map(([what, count]) => [what, count.toLocaleString('en-US')])
const width = Math.max(...rows.map(([what]) => /** @type {string} */ (what).length))
const numbers = Math.max(5, ...rows.map(([, count]) => /** @type {string} */ (count).length))
const line = (/** @type {string} */ what, /** @type {string} */ count) => `| ${what.padEnd(width)} | ${count.padStart(numbers)} |`
const text = [
  BEGIN,
  '',
  `\`npm run torture -- --minutes ${minutes} --seed ${first}\`, ${new Date().toISOString().slice(0, 10)}, seeds ${first} to ${seed - 1}, Node ${process.versions.node} on ${process.platform}:`,
  '',
  line('what', 'count'),
  `| ${'-'.repeat(width)} | ${'-'.repeat(numbers - 1)}: |`,
  ...rows.map(([what, count]) => line(/** @type {string} */ (what), /** @type {string} */ (count))),
  '',
  END,
].join('\n')
const page = readFileSync(PAGE, 'utf8')
writeFileSync(PAGE, page.slice(0, page.indexOf(BEGIN)) + text + page.slice(page.indexOf(END) + END.length))
console.log(text)
