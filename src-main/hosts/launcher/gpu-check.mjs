import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, promisify, stripVTControlCharacters } from 'node:util'
import { built, main, prepare, tell } from './prepare.mjs'
import { ROOT } from './root.mjs'

const run = promisify(execFile)
const { values: options } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda' },
    output: { type: 'string', default: join(ROOT, 'gpu-check.json') },
    // A check of a few seconds, with which a test runs this program on a machine without a GPU.
    quick: { type: 'boolean', default: false },
  },
})
const quick = options.quick === true

/** Time limit in seconds for everything after the set-up; steps that are not reached are reported. */
const TOTAL = 540
const started = performance.now()
const left = () => TOTAL * 1000 - (performance.now() - started)

const folder = mkdtempSync(join(tmpdir(), 'retrace-gpu-check-'))
const home = join(folder, 'home')
const cli = new URL(built('cli.js')).pathname
const environment = { ...process.env, RETRACE_DEVICE: options.device, RETRACE_HOME: home }

/** Runs a command of Retrace and parses its output. @param {...string} args @returns {Promise<any>} */
async function retrace(...args) {
  const { stdout } = await run(process.execPath, [cli, ...args, '--json'], {
    env: environment,
    maxBuffer: 2 ** 26,
    timeout: Math.max(1000, Math.floor(left())),
  })
  return JSON.parse(stdout)
}

/** Records peak utilization and memory of the GPU while something runs, as reported by its driver; null without one. */
function watchGpu() {
  const child = spawn('nvidia-smi', ['--query-gpu=utilization.gpu,memory.used', '--format=csv,noheader,nounits', '-lms', '500'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const most = { percent: 0, mebibytes: 0, samples: 0 }
  child.on('error', () => undefined)
  child.stdout.on('data', (/** @type {Buffer} */ data) => {
    for (const line of data.toString().trim().split('\n')) {
      const [percent = NaN, mebibytes = NaN] = line.split(',').map(Number)
      if (!Number.isFinite(percent) || !Number.isFinite(mebibytes)) continue
      most.percent = Math.max(most.percent, percent)
      most.mebibytes = Math.max(most.mebibytes, mebibytes)
      most.samples++
    }
  })
  return () => {
    child.kill()
    return most.samples > 0 ? most : null
  }
}

/**
 * Trains for a few steps, and stops with Ctrl+C. @param {...string} args
 * @returns {Promise<{ id: string, step: number }>} the run, and the step at which it was stopped
 */
async function trainAndInterrupt(...args) {
  const child = spawn(process.execPath, [cli, 'train', ...args, '--name', 'interrupted'], { env: environment, stdio: 'ignore' })
  const ended = new Promise((answer) => child.once('close', answer))
  /** @returns {Promise<{ id: string, step: number, name: string, status: string } | undefined>} */
  const look = async () => (await retrace('runs', 'list')).find((/** @type {{ name: string }} */ { name }) => name === 'interrupted')
  while (child.exitCode === null && left() > 0 && ((await look())?.step ?? 0) < 20);
  child.kill('SIGINT')
  await ended
  const run = await look()
  if (run?.status !== 'stopped') throw new Error(`The run to be interrupted is ${run?.status ?? 'not there'}.`)
  return run
}

/** @type {[name: string, work: () => Promise<unknown>][]} */
const STEPS = [
  ['engine', () => retrace('engine')],
  [
    'parity',
    async () => {
      const cases = readdirSync(join(ROOT, 'test/fixtures/reference')).filter((name) => name.endsWith('.safetensors'))
      /** @type {Record<string, unknown>} */
      const found = {}
      for (const name of quick ? cases.slice(0, 1) : cases)
        found[name] = await retrace('parity', join(ROOT, 'test/fixtures/reference', name)).catch((error) => ({ failed: reasonOf(error) }))
      return found
    },
  ],
  [
    'resume',
    async () => {
      const training = [
        '--preset',
        quick ? 'mlp-hamiltonian' : 'hamiltonian-quick',
        '--dataset',
        quick ? 'two-spirals' : 'mnist',
        '--seed',
        '1',
      ]
      const length = ['--steps', quick ? '2000' : '600']
      const whole = await retrace('train', ...training, ...length)
      const { id, step } = await trainAndInterrupt(...training, ...length)
      const resumed = await retrace('train', '--resume', id)
      return { uninterrupted: whole.weightsHash, from: step, resumed: resumed.weightsHash }
    },
  ],
  [
    'memory and time against depth',
    () =>
      retrace(
        'lab',
        'memory-depth',
        ...(quick ? ['--preset', 'mlp-hamiltonian', '--dataset', 'two-spirals'] : ['--preset', 'hamiltonian-quick', '--dataset', 'mnist']),
      ),
  ],
  [
    'training steps',
    async () => {
      /** @type {Record<string, unknown>} */
      const found = {}
      const rows = quick
        ? [['hamiltonian-quick', 'reversible']]
        : ['hamiltonian-74', 'midpoint-26', 'leapfrog-26'].flatMap((preset) => ['reversible', 'stored'].map((mode) => [preset, mode]))
      for (const [preset = '', mode = ''] of rows) {
        const stop = watchGpu()
        const figures = await retrace('bench', 'step', '--preset', preset, '--mode', mode, '--steps', quick ? '1' : '6').catch((error) => ({
          failed: reasonOf(error),
        }))
        found[`${preset}, ${mode}`] = { ...figures, gpu: stop() }
      }
      return found
    },
  ],
]

/** @param {unknown} error */
const reasonOf = (error) => {
  const { stderr = '', message } = /** @type {{ stderr?: string, message: string }} */ (error)
  return stripVTControlCharacters(stderr).trim().split('\n').slice(-3).join(' | ') || message
}

await main(async () => {
  // Set-up reads the variables of this process.
  process.env.RETRACE_DEVICE = options.device
  const { outcome } = await prepare({ skip: ['electron'], force: options.device === 'cuda' })
  const smi = await run('nvidia-smi', []).then(
    ({ stdout }) => stdout,
    (error) => reasonOf(error),
  )
  /** @type {Record<string, unknown>} */
  const results = {}
  for (const [name, work] of STEPS) {
    tell(`${name} ...`)
    const began = performance.now()
    const result = left() > 0 ? await work().catch((error) => ({ failed: reasonOf(error) })) : { failed: 'There was no time left for it.' }
    results[name] = { seconds: Math.round((performance.now() - began) / 1000), result }
  }
  const report = {
    machine: {
      processor: cpus()[0]?.model.trim(),
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      system: `${process.platform} ${process.arch} ${release()}`,
      node: process.versions.node,
    },
    device: options.device,
    setUp: outcome.failures.native ?? 'installed',
    nvidia: smi,
    build: JSON.parse(readFileSync(join(ROOT, 'out/build.json'), 'utf8')),
    results,
  }
  delete report.build.files
  const file = resolve(options.output)
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`)
  rmSync(folder, { recursive: true, force: true })
  const engine = /** @type {any} */ (results.engine)?.result
  tell(
    `${file} holds the results (${engine?.engine}, ${engine?.device}, ${engine?.deviceName}). It names no home, user or file of yours but the processor and the GPU; please send it in.`,
  )
  const failed = Object.keys(results).filter((name) => JSON.stringify(results[name]).includes('"failed":'))
  if (failed.length > 0) tell(`Not everything could be done: ${failed.join(', ')}. The file says why.`)
  if (options.device === 'cuda' && engine?.device !== 'gpu') throw new Error('The GPU was not used; the file says why.')
})
