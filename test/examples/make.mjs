// `npm run examples`: trains the small runs that come with Retrace, and writes them to resources/examples as archives with a list of them
// (src-main/contract/examples.ts). Takes a few minutes. Examples record the commit of the program, so that has to be made first.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare } from '../../src-main/hosts/launcher/prepare.mjs'

const ROOT = join(import.meta.dirname, '../..')
const OUT = join(ROOT, 'resources', 'examples')
const TAG = 'example'

if (execFileSync('git', ['diff', 'HEAD', '--', 'src-main', 'package-lock.json'], { cwd: ROOT, encoding: 'utf8' }) !== '')
  throw new Error('Commit what is changed first: every example would carry the difference.')

await prepare({ skip: ['electron'] })
const home = mkdtempSync(join(tmpdir(), 'retrace-examples-'))
/** @param {string[]} args */
const cli = (...args) => [join(ROOT, 'out/main/cli.js'), ...args, '--home', home]
/** @param {string[]} args */
const ask = (...args) => JSON.parse(execFileSync(process.execPath, [...cli(...args), '--json'], { encoding: 'utf8', maxBuffer: 2 ** 28 }))
/** Returns whether it succeeded: a diverged run does not, and is an example. @param {string[]} args */
const follow = (...args) => spawnSync(process.execPath, cli(...args), { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0

const stages = (/** @type {[channels: number, units: number][]} */ ...pairs) =>
  `stages=${JSON.stringify(pairs.map(([channels, units]) => ({ channels, units })))}`
const SMALL = ['batch=50', 'evaluateEvery=40', 'evaluateImages=500', stages([4, 2], [8, 2], [12, 2])]
const DEEP = ['batch=25', 'evaluateEvery=10', 'evaluateImages=200', 'schedule={"kind":"cosine","warmup":5}', stages([4, 6], [8, 10])]
const DIGITS = ['--preset', 'hamiltonian-quick', '--dataset', 'mnist']

/** @type {{ role: string, name: string, notes: string, train: string[], set?: string[], lab?: string[][] }[]} */
const RUNS = [
  {
    role: 'hamiltonian',
    name: 'Hamiltonian network',
    notes: 'A reversible network on handwritten digits. Compare its three seeds with those of the ResNet.',
    train: [...DIGITS, '--steps', '240', '--seeds', '1-3'],
    set: [...SMALL, 'histograms=60'],
    lab: [['reversal'], ['spectrum'], ['memory-depth']],
  },
  {
    role: 'resnet',
    name: 'ResNet',
    notes: 'The baseline on the same digits with the same recipe. It cannot be reversed, so all activations are stored.',
    train: [...DIGITS, '--steps', '240', '--seeds', '1-3'],
    set: [...SMALL, 'histograms=60', 'arch=resnet', 'mode=stored'],
  },
  {
    role: 'stored',
    name: 'Deep network, stored',
    notes: 'Backpropagation stores the activations of all 16 units. Compare its memory and its accuracy with those of the reversed one.',
    train: [...DIGITS, '--steps', '40'],
    set: [...DEEP, 'mode=stored'],
  },
  {
    role: 'reversed',
    name: 'Deep network, reversed',
    notes: 'The same network and seed: backpropagation reconstructs the activations, so that their memory does not grow with depth.',
    train: [...DIGITS, '--steps', '40'],
    set: [...DEEP, 'mode=reversible'],
    lab: [['reversal']],
  },
  {
    role: 'large-step',
    name: 'Step size too large',
    notes:
      'h = 2 is outside the region of stability: rounding errors grow from unit to unit, and the reversed gradients cannot be trusted.',
    train: [...DIGITS, '--steps', '40'],
    set: [...DEEP, 'h=2'],
    lab: [['reversal'], ['spectrum']],
  },
  {
    role: 'flow',
    name: 'Two spirals',
    notes: 'Points in the plane flow through the units until a line separates the classes: see the tabs Regions and Live.',
    train: ['--preset', 'mlp-hamiltonian', '--dataset', 'two-spirals', '--steps', '600'],
    lab: [['spectrum'], ['energy']],
  },
]
const STUDY = {
  name: 'Depth and step size on two spirals',
  options: ['preset=mlp-hamiltonian', 'dataset=two-spirals', 'steps=200', 'sizes=0.05, 0.5, 5', 'units=4, 16', 'seeds=1'],
}

try {
  /** @type {{ runs: object[], studies: object[] }} */
  const list = { runs: [], studies: [] }
  rmSync(OUT, { recursive: true, force: true })
  mkdirSync(OUT, { recursive: true })
  let count = 0
  /**
   * Marks these runs, and writes their archives. @param {string} role @param {string} notes @param {{ id: string, name: string }[]} runs
   */
  const keep = (role, notes, runs) => {
    for (const { id, name } of runs) {
      const file = `${String(++count).padStart(2, '0')}-${role}.tar.gz`
      follow('runs', 'notes', id, notes)
      follow('runs', 'edit', id, '--tag', TAG)
      if (!follow('runs', 'export', id, '--format', 'archive', '--out', join(OUT, file))) throw new Error(`${name} was not exported`)
      list.runs.push({ id, name, role, file })
    }
  }
  const known = new Set()
  const news = () =>
    ask('runs', 'list')
      .filter((/** @type {{ id: string }} */ { id }) => !known.has(id) && known.add(id))
      .reverse()

  for (const { role, name, notes, train, set = [], lab = [] } of RUNS) {
    follow('train', ...train, '--name', name, ...set.flatMap((each) => ['--set', each]))
    const made = news()
    if (made.length === 0) throw new Error(`${name} did not start`)
    for (const [diagnostic = '', ...options] of lab)
      if (!follow('lab', diagnostic, '--run', made[0].id, ...options)) throw new Error(`${diagnostic} of ${name} failed`)
    // The initial weights show nothing here that the last ones do not.
    follow('home', 'clean', '--yes')
    keep(role, notes, made)
  }

  follow('study', 'start', 'depth-step', '--name', STUDY.name, ...STUDY.options.flatMap((each) => ['--option', each]))
  const [study] = ask('study', 'list').studies
  follow('home', 'clean', '--yes')
  keep('study', 'A cell of the study, by depth and step size.', news())
  const file = 'study.json'
  if (!follow('study', 'export', study.id, '--out', join(OUT, file))) throw new Error('the study was not exported')
  list.studies.push({ id: study.id, name: study.name, file })
  writeFileSync(join(OUT, 'examples.json'), `${JSON.stringify(list, null, 2)}\n`)

  const bytes = readdirSync(OUT).reduce((sum, each) => sum + statSync(join(OUT, each)).size, 0)
  process.stdout.write(`Wrote ${list.runs.length} runs and ${list.studies.length} study to ${OUT}: ${Math.round(bytes / 1024)} KiB\n`)
} finally {
  rmSync(home, { recursive: true, force: true })
}
