import { execFile } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { built, main, prepare, tell } from './prepare.mjs'
import { ROOT } from './root.mjs'

const run = promisify(execFile)
const { values: options } = parseArgs({
  options: {
    peer: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '6' },
    only: { type: 'string' },
  },
})

/**
 * The configurations that are compared. `ours` are options of `retrace bench step`, `peer` arguments of peer_bench.py and peer_best.py
 * (PyTorch), the faster of which counts. Only peer_best.py supports batch norm in the units.
 * @type {{ name: string, ours?: string[], peer?: string[] }[]}
 */
const ROWS = [
  { name: 'hamiltonian-74, reversible', ours: ['--preset', 'hamiltonian-74'], peer: ['reversible', 'hamiltonian-74', '--norm', 'batch'] },
  { name: 'hamiltonian-74, checkpoints', peer: ['checkpoint', 'hamiltonian-74', '--norm', 'batch'] },
  ...['midpoint-26', 'leapfrog-26'].map((preset) => ({ name: `${preset}, reversible`, ours: ['--preset', preset] })),
  ...['hamiltonian-74', 'midpoint-26', 'leapfrog-26'].map((preset) => ({
    name: `${preset}, stored`,
    ours: ['--preset', preset, '--mode', 'stored'],
    peer: ['stored', preset, '--norm', 'batch'],
  })),
  { name: 'hamiltonian-74-plain, reversible', ours: ['--preset', 'hamiltonian-74-plain'], peer: ['reversible', 'hamiltonian-74'] },
  { name: 'hamiltonian-74-plain, reversible, eager', ours: ['--preset', 'hamiltonian-74-plain', '--execution', 'eager'] },
  { name: 'hamiltonian-74-plain, reversible, plain kernels', ours: ['--preset', 'hamiltonian-74-plain', '--plain'] },
  { name: 'hamiltonian-74-plain, reversible, XLA', ours: ['--preset', 'hamiltonian-74-plain', '--xla'] },
  { name: 'hamiltonian-74-plain, reversible, plain kernels, XLA', ours: ['--preset', 'hamiltonian-74-plain', '--plain', '--xla'] },
  ...['0.25', '0.5', '1'].map((kept) => ({
    name: `hamiltonian-74-plain, reversible, ${Number(kept) * 100} % kept`,
    ours: ['--preset', 'hamiltonian-74-plain', '--kept', kept],
  })),
  ...[
    ['hamiltonian-74-plain', 'hamiltonian-74'],
    ['midpoint-26-plain', 'midpoint-26'],
    ['leapfrog-26-plain', 'leapfrog-26'],
    ['resnet-32', 'resnet-32'],
    ['revnet-38', 'revnet-38'],
  ].map(([preset = '', network = '']) => ({
    name: `${preset}, stored`,
    ours: ['--preset', preset, '--mode', 'stored'],
    peer: ['stored', network],
  })),
  {
    name: 'hamiltonian-74-plain, reversible, batch 10',
    ours: ['--preset', 'hamiltonian-74-plain', '--batch', '10'],
    peer: ['reversible', 'hamiltonian-74', '--batch', '10'],
  },
  {
    name: 'hamiltonian-74-plain, stored, batch 10',
    ours: ['--preset', 'hamiltonian-74-plain', '--batch', '10', '--mode', 'stored'],
    peer: ['stored', 'hamiltonian-74', '--batch', '10'],
  },
  { name: 'hamiltonian-74-plain, 8 times the units, reversible', ours: ['--preset', 'hamiltonian-74-plain', '--units', '8'] },
  { name: 'hamiltonian-1202, reversible, batch 32', ours: ['--preset', 'hamiltonian-1202', '--batch', '32'] },
  {
    name: 'hamiltonian-74-plain, reversible, batch 10, portable',
    ours: ['--preset', 'hamiltonian-74-plain', '--batch', '10', '--engine', 'portable'],
  },
]

/** @typedef {{ imagesPerSecond: number, peakMiB: number, estimatedMiB?: number, activationBytes?: { reversible: number | null, stored: number }, captureSeconds?: number, engine?: { device: string, versions: { tensorflow: string | null } } }} Figures */

/** @param {string[]} args @returns {Promise<Figures>} */
async function ours(args) {
  const cli = new URL(built('cli.js')).pathname
  const { stdout } = await run(process.execPath, [cli, 'bench', 'step', ...args, '--steps', options.steps, '--json'])
  return JSON.parse(stdout)
}

/** The faster of the peers that support the configuration. @param {string[]} args @returns {Promise<Figures>} */
async function peer(args) {
  const scripts = ['peer_bench.py', 'peer_best.py'].filter(
    (script) => script === 'peer_best.py' || !(args.includes('--norm') || args.includes('checkpoint')),
  )
  const rest = [...args, '--steps', String(Number(options.steps) + 1), '--threads', String(availableParallelism())]
  /** @type {Figures[]} */
  const found = []
  for (const script of scripts) {
    const { stdout } = await run(options.python, [join(/** @type {string} */ (options.peer), script), ...rest])
    found.push(JSON.parse(stdout))
  }
  return found.reduce((best, each) => (each.imagesPerSecond > best.imagesPerSecond ? each : best))
}

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN

await main(async () => {
  await prepare({ skip: ['electron'] })
  for (const script of options.peer ? ['peer_bench.py', 'peer_best.py'] : [])
    if (!existsSync(join(options.peer ?? '', script))) throw new Error(`${options.peer} has no ${script}.`)
  const rows = ROWS.filter(({ name }) => !options.only || name.includes(options.only))
  /** @type {Map<string, Figures[]>} */
  const measured = new Map()
  const add = (/** @type {string} */ key, /** @type {Figures} */ figures) => measured.set(key, [...(measured.get(key) ?? []), figures])
  // Each round covers all rows, so that a machine that slows down affects them all.
  for (let round = 1; round <= Number(options.rounds); round++)
    for (const row of rows) {
      tell(`round ${round}: ${row.name}`)
      if (row.ours) add(`ours ${row.name}`, await ours(row.ours))
      if (row.peer && options.peer) add(`peer ${row.name}`, await peer(row.peer))
    }
  const figure = (/** @type {string} */ key) => {
    const all = measured.get(key)
    return all && { speed: median(all.map((each) => each.imagesPerSecond)), memory: Math.max(...all.map((each) => each.peakMiB)), all }
  }
  const table = rows.map(({ name }) => {
    const [own, other] = [figure(`ours ${name}`), figure(`peer ${name}`)]
    const ratio = own && other ? (own.speed / other.speed).toFixed(2) : ''
    const capture = own?.all[0]?.captureSeconds
    const { reversible = null, stored = null } = own?.all[0]?.activationBytes ?? {}
    const cells = [
      own?.speed.toFixed(1),
      reversible && Math.round(reversible),
      stored && Math.round(stored),
      reversible && stored && (stored / reversible).toFixed(1),
      own?.memory,
      own?.all[0]?.estimatedMiB,
      capture ? capture.toFixed(1) : '',
      other?.speed.toFixed(1),
      other?.memory,
      ratio,
    ]
    return `| ${[name, ...cells.map((cell) => cell ?? '')].join(' | ')} |`
  })
  const engine = [...measured.values()][0]?.[0]?.engine
  const torch = options.peer ? (await run(options.python, ['-c', 'import torch; print(torch.__version__)'])).stdout.trim() : null
  const text = [
    // eslint-disable-next-line no-restricted-syntax -- a heading
    `## ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    '',
    `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; Node ${process.versions.node}, ` +
      `TensorFlow ${engine?.versions.tensorflow ?? 'none'} (${engine?.device ?? 'cpu'})${torch ? `, PyTorch ${torch}` : ''}. ` +
      `Batch size 100 and 32x32x3 images unless stated otherwise; medians of ${options.rounds} rounds of ${options.steps} steps each. ` +
      'Activation memory is the estimated peak of one step at that batch size, including kept activations; process memory is that of the whole process.',
    '',
    '| work | images/s | activation memory, reversible, bytes | activation memory, stored, bytes | stored : reversible | process memory, peak MiB | process memory, estimated MiB | capture s | PyTorch images/s | PyTorch process memory, peak MiB | relative speed |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...table,
    '',
  ].join('\n')
  process.stdout.write(text)
  const file = join(ROOT, 'docs', 'benchmarks.md')
  const head = '# Benchmarks\n\nWritten by `npm run bench` and `npm run bench:ui`; newest last.\n'
  if (!existsSync(file)) writeFileSync(file, head)
  appendFileSync(file, `${readFileSync(file, 'utf8').endsWith('\n') ? '\n' : '\n\n'}${text}`)
  const { format, resolveConfig } = await import('prettier')
  writeFileSync(file, await format(readFileSync(file, 'utf8'), { ...(await resolveConfig(file)), parser: 'markdown' }))
})
