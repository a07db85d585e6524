// `npm run results -- --data FOLDER --home DIR`: trains the networks of the paper on the CIFAR-10 files in FOLDER, one after another, and
// writes the table in docs/results.md. Finished runs leave docs/results/NAME.json and are not repeated; an interrupted one is continued.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { prepare } from '../../src-main/hosts/launcher/prepare.mjs'

const ROOT = join(import.meta.dirname, '../..')
const RAW = join(ROOT, 'docs', 'results')
const PAGE = join(ROOT, 'docs', 'results.md')
const BEGIN = '<!-- cifar-10: begin -->'
const END = '<!-- cifar-10: end -->'
const EPOCHS = 12

const { values: options } = parseArgs({ options: { data: { type: 'string' }, home: { type: 'string' }, only: { type: 'string' } } })
if (!options.data || !options.home) throw new Error('give --data, a folder with CIFAR-10 files, and --home, a folder that stays')

/** @type {[name: string, preset: string, ...settings: string[]][]} */
const CASES = [
  ['resnet-32', 'resnet-32'],
  ['revnet-38', 'revnet-38'],
  ['hamiltonian-74', 'hamiltonian-74-plain'],
  ['midpoint-26-zero', 'midpoint-26-plain', 'start=zero'],
  ['midpoint-26-rest', 'midpoint-26-plain', 'start=rest'],
  ['leapfrog-26-zero', 'leapfrog-26-plain', 'start=zero'],
  ['leapfrog-26-rest', 'leapfrog-26-plain', 'start=rest'],
]
const RECIPE = ['schedule={"kind":"cosine","warmup":0}', 'learningRate=0.1', 'batch=100', 'evaluateImages=2000']

const cli = (/** @type {string[]} */ ...args) => [join(ROOT, 'out/main/cli.js'), ...args, '--home', /** @type {string} */ (options.home)]
/** @param {string[]} args */
const ask = (...args) => JSON.parse(execFileSync(process.execPath, [...cli(...args), '--json'], { encoding: 'utf8', maxBuffer: 2 ** 28 }))
/** @param {string[]} args */
const follow = (...args) => spawnSync(process.execPath, cli(...args), { stdio: ['ignore', 'ignore', 'inherit'] }).status

await prepare({ skip: ['electron'] })
mkdirSync(RAW, { recursive: true })
if (!ask('datasets', 'list').some((/** @type {{ name: string }} */ { name }) => name === 'cifar10'))
  follow('datasets', 'import', options.data, '--name', 'cifar10')

for (const [name, preset, ...settings] of CASES) {
  const file = join(RAW, `${name}.json`)
  if (existsSync(file) || (options.only && name !== options.only)) continue
  const runs = /** @type {{ id: string, name: string, status: string }[]} */ (ask('runs', 'list'))
  const before = runs.find((run) => run.name === name)
  const set = [...RECIPE, ...settings].flatMap((setting) => ['--set', setting])
  if (!before) follow('train', '--preset', preset, '--dataset', 'cifar10', '--epochs', String(EPOCHS), '--name', name, ...set)
  else if (before.status !== 'finished') follow('train', '--resume', before.id)
  const now = ask('runs', 'list').find((/** @type {{ name: string }} */ run) => run.name === name)
  if (now?.status !== 'finished') throw new Error(`${name} is ${now?.status ?? 'missing'}; run this again to go on.`)
  writeFileSync(file, `${JSON.stringify(summarise(now.id, name))}\n`)
  await writePage()
}
await writePage()

/** The data of a run for the table and for reproducing it. @param {string} id @param {string} name */
function summarise(id, name) {
  const { config, environment, result, activeSeconds } = ask('runs', 'show', id)
  const exported = JSON.parse(
    execFileSync(process.execPath, cli('runs', 'export', id, '--format', 'json'), { encoding: 'utf8', maxBuffer: 2 ** 28 }),
  )
  /** @param {string} key */
  const series = (key) => exported.series.find((/** @type {{ key: string }} */ each) => each.key === key)
  const [accuracy, loss, memory] = ['test/accuracy', 'train/loss', 'system/residentMiB'].map(series)
  return {
    name,
    at: new Date().toISOString(),
    config,
    engine: environment.engine,
    commit: environment.commit,
    result,
    activeSeconds,
    peakMiB: Math.max(...memory.values),
    testAccuracy: { steps: accuracy.steps, values: accuracy.values },
    trainLoss: { steps: loss.steps, values: loss.values },
  }
}

async function writePage() {
  const done = CASES.flatMap(([name]) => {
    const file = join(RAW, `${name}.json`)
    return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8'))] : []
  })
  const percent = (/** @type {number} */ value) => (100 * value).toFixed(1)
  const epochs = Array.from({ length: EPOCHS }, (_, at) => at + 1)
  const rows = done.map(({ name, testAccuracy, result, activeSeconds, peakMiB }) => {
    const byEpoch = epochs.slice(0, -1).map((_, at) => percent(testAccuracy.values[at]))
    return `| ${[name, ...byEpoch, percent(result.testAccuracy), (activeSeconds / 60).toFixed(1), Math.round(peakMiB)].join(' | ')} |`
  })
  const text = [
    BEGIN,
    '',
    ...(rows.length === 0
      ? ['No run has finished yet.']
      : [
          `| network | ${epochs.map((epoch) => (epoch === EPOCHS ? 'end, all' : epoch)).join(' | ')} | minutes | MiB |`,
          `| --- | ${epochs.map(() => '---:').join(' | ')} | ---: | ---: |`,
          ...rows,
        ]),
    '',
    END,
  ].join('\n')
  const page = readFileSync(PAGE, 'utf8')
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (from < 0 || to < 0) throw new Error(`docs/results.md has no place for the table (${BEGIN})`)
  const written = page.slice(0, from) + text + page.slice(to + END.length)
  writeFileSync(PAGE, await format(written, { ...(await resolveConfig(PAGE)), parser: 'markdown' }))
}
