import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CreateRun, RunDetail } from '../../src-main/contract/runs.js'
import { openBackend, type Backend } from '../fixtures/backend.js'
import { catalogue } from '../../src-main/hosts/catalogue.js'
import { computeEnvironment } from '../../src-main/hosts/engine.js'
import { createImporter } from '../../src-main/hosts/importer.js'
import { openDatabase } from '../../src-main/storage/database.js'
import { databaseFile } from '../../src-main/storage/home-files.js'
import { createStores } from '../../src-main/storage/stores.js'
import { idxDigits } from '../data/helpers.js'
import { bundleForNode } from '../fixtures/build.js'
import { temporaryFolder } from '../fixtures/home.js'
import { killProcess } from '../fixtures/processes.js'
import { FULL } from '../fixtures/slice.js'
import { untilRun } from '../fixtures/trainer.js'

/** Real programs, asked to end in the way of shutdowns, service managers, batch systems and terminals. */

const SOURCES = resolve(import.meta.dirname, '../../src-main')
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

let bundle: Awaited<ReturnType<typeof bundleForNode>>
beforeAll(
  async () =>
    void (bundle = await bundleForNode(
      resolve(import.meta.dirname, '../hosts/programs/real-cli.ts'),
      join(SOURCES, 'training/trainer.ts'),
      join(SOURCES, 'data/batch-worker.ts'),
      join(SOURCES, 'data/import-process.ts'),
    )),
  120_000,
)
afterAll(() => bundle[Symbol.dispose]())
const program = (name: string): string => join(bundle.file, '..', `${name}.js`)

const NETWORK = { stages: [{ channels: 4, units: 1 }], batch: 8, subset: 0.1, evaluateEvery: 1000, checkpointSeconds: 0 }

const SETTINGS = Object.entries(NETWORK).flatMap(([key, value]) => ['--set', `${key}=${JSON.stringify(value)}`])

/** Processes with a word in their arguments. */
const processesWith = (word: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').includes(word)
      } catch {
        // The process has ended meanwhile.
        return false
      }
    })
    .map(Number)

const parentOf = (pid: number): number => Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

/** A process with all of its descendants. */
function treeOf(root: number): number[] {
  const all = processesWith(' ').filter((pid) => existsSync(`/proc/${pid}/status`))
  const tree = [root]
  for (const pid of tree) tree.push(...all.filter((each) => existsSync(`/proc/${each}/status`) && parentOf(each) === pid))
  return tree
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, signal)
}

describe.skipIf(process.platform !== 'linux')('a real trainer, and a tool', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let backend: Backend
  beforeEach(async () => {
    folder = temporaryFolder()
    backend = await openBackend({
      home: folder.path,
      trainerEntry: program('trainer'),
      hostKind: 'server',
      catalogue,
      importer: createImporter('nothing is imported here'),
      environment: () => computeEnvironment(undefined),
    })
  })
  afterEach(async () => {
    await backend.close()
    folder[Symbol.dispose]()
  })

  const STEPS = 120
  const request: CreateRun = { preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { ...NETWORK, steps: STEPS } }

  const until = (id: string, condition: (run: RunDetail) => boolean): Promise<RunDetail> => untilRun(backend, id, condition)
  const trainerOf = (id: string): number => processesWith(`--run ${id} --lease`)[0]!

  it('writes a checkpoint at SIGTERM, leaves the other signals to its host, and goes on to the bits of an uninterrupted run', async () => {
    const { runs } = backend.services
    const whole = await until((await runs.create(request)).id, ({ status }) => status === 'finished')
    const { id } = await runs.create(request)
    await until(id, ({ step }) => step >= 10)
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGINT'] as const) process.kill(trainerOf(id), signal)
    const { step } = await runs.get({ id })
    await until(id, (run) => run.step > step + 5)
    // From a service manager, and from a parent that forwards it.
    for (let times = 0; times < 2; times++) process.kill(trainerOf(id), 'SIGTERM')
    const run = await until(id, ({ status }) => status === 'interrupted')
    expect(run.reason).toMatch(/Resume this run from step \d+/)
    expect(run.checkpoints.at(-1)).toMatchObject({ kind: 'pause', step: run.step })
    expect(run.step).toBeLessThan(STEPS)

    // Before there is anything to save: while the engine starts, and data are read.
    await runs.resume({ id })
    await until(id, ({ phase }) => phase === 'starting the engine')
    process.kill(trainerOf(id), 'SIGTERM')
    const early = await until(id, ({ status }) => status === 'interrupted')
    expect(early.checkpoints).toEqual(run.checkpoints)

    await runs.resume({ id })
    const { result, checkpoints } = await until(id, ({ status }) => status === 'finished')
    expect(result!.weightsHash).toBe(whole.result!.weightsHash)

    // An evaluation is a process of its own, which leaves nothing behind.
    const { file } = checkpoints[0]!
    const evaluation = runs.evaluate({ id, file })
    const ended = expect(evaluation).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(/SIGTERM.*Run it again/) })
    let tool: number | undefined
    while (tool === undefined) [tool] = (await sleep(5), processesWith('--tool evaluate'))
    // It handles signals from its first line on, a moment after it was started.
    while (!handles(tool, 1)) await sleep(5)
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.kill(tool, signal)
    await ended
    expect((await runs.evaluations({ id })).evaluations.map((each) => each.file)).not.toContain(file)
    expect(await runs.evaluate({ id, file })).toMatchObject({ file })
  })
})

/** Whether a process has a handler for a signal, by its number. */
function handles(pid: number, signal: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return (BigInt(`0x${caught}`) >> BigInt(signal - 1)) % 2n === 1n
}

describe.skipIf(process.platform !== 'linux').each(FULL ? SIGNALS : (['SIGTERM'] as const))(
  '%s to every process of a command at once',
  (signal) => {
    let folder: ReturnType<typeof temporaryFolder>
    let child: ChildProcess | undefined
    beforeEach(() => void (folder = temporaryFolder()))
    afterEach(() => {
      if (child?.pid !== undefined && child.exitCode === null) for (const pid of treeOf(child.pid)) killProcess(pid)
      folder[Symbol.dispose]()
    })

    function command(...args: string[]) {
      const started = spawn(process.execPath, [bundle.file, ...args, '--home', join(folder.path, 'home')], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child = started
      let [output, errors] = ['', '']
      started.stdout.on('data', (data: Buffer) => (output += data.toString()))
      started.stderr.on('data', (data: Buffer) => (errors += data.toString()))
      const ended = new Promise<number | string | null>((done) => started.once('close', (code, killed) => done(killed ?? code)))
      return {
        pid: started.pid!,
        ended,
        output: () => output,
        errors: () => errors,
        running: () => started.exitCode === null && started.signalCode === null,
      }
    }

    it('that trains: its run has a checkpoint of its last step, has not failed, and no process stays', async () => {
      const training = command('train', '--preset', 'hamiltonian-quick', '--dataset', 'mnist', '--steps', '1000000', ...SETTINGS)
      while (training.running() && !/step [1-9]/.test(training.errors())) await sleep(20)
      const processes = treeOf(training.pid)
      expect(processes.length, training.errors()).toBeGreaterThan(1)
      signalAll(processes, signal)
      const status = await training.ended
      expect([status, training.errors()]).toEqual([expect.any(Number), expect.not.stringMatching(/failed|crash|defect/i)])
      expect(processes.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([])
      const db = await openDatabase(databaseFile(join(folder.path, 'home')))
      const { runs, checkpoints, series } = createStores(db)
      const [run] = runs.list()
      expect(run).toMatchObject({ status: expect.stringMatching(/^(stopped|interrupted)$/) })
      expect(checkpoints.list(run!.id).at(-1)).toMatchObject({ step: run!.step })
      const [loss] = series.read(run!.id, ['train/loss'])
      expect([...loss!.points.steps]).toEqual(Array.from({ length: run!.step }, (_, i) => i + 1))
      db.close()
    })

    it('that evaluates a checkpoint, or imports: it ends with a sentence, nothing is half there, and it can be done again', async () => {
      const training = command('train', '--preset', 'hamiltonian-quick', '--dataset', 'mnist', '--steps', '2', '--json', ...SETTINGS)
      await training.ended
      const { runId } = JSON.parse(training.output()) as { runId: string }
      const evaluation = command('runs', 'evaluate', runId, '--step', '0')
      // Of this command, because other tests run evaluations meanwhile.
      await asked(evaluation, () => processesWith('--tool evaluate').find((pid) => treeOf(evaluation.pid).includes(pid) && handles(pid, 1)))

      const source = idxDigits(folder.path, 60_000)
      const importing = command('datasets', 'import', source, '--name', 'big')
      const datasets = join(folder.path, 'home', 'datasets')
      await asked(importing, () => readdirSync(datasets).some((name) => name.startsWith('.')) && treeOf(importing.pid).length > 1)
      expect(readdirSync(datasets).filter((name) => name.startsWith('.') || name === 'big')).toEqual([])

      for (const again of [command('runs', 'evaluate', runId, '--step', '0'), command('datasets', 'import', source, '--name', 'big')])
        expect([await again.ended, again.errors()]).toEqual([0, expect.any(String)])
    })

    /** Waits until the command is in the desired state, and signals all of its processes. */
    async function asked(going: ReturnType<typeof command>, isThere: () => unknown): Promise<void> {
      while (going.running() && !isThere()) await sleep(1)
      expect(going.running(), going.errors()).toBe(true)
      const processes = treeOf(going.pid)
      expect(processes.length).toBeGreaterThan(1)
      signalAll(processes, signal)
      const status = await going.ended
      expect([status, going.errors()]).toEqual([expect.any(Number), expect.not.stringMatching(/crash|defect|damaged|memory/i)])
      expect(status).not.toBe(0)
      expect(processes.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([])
    }
  },
)
