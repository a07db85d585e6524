import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { storeConfig } from '../../src-main/contract/stored-config.js'
import { runAgent } from '../../src-main/hosts/agent/agent.js'
import { allFacts, type Fact } from '../../src-main/training/cluster/facts.js'
import { runFiles, type Order } from '../../src-main/training/cluster/order.js'
import { PROTOCOL, type Report } from '../../src-main/training/messages.js'
import { bundleForNode } from '../fixtures/build.js'
import { temporaryFolder } from '../fixtures/home.js'
import { killProcess } from '../fixtures/processes.js'
import { sampleConfig } from '../fixtures/records.js'

/** Agents and trainers that share only a folder with the test. Agents that are killed, or superfluous, are processes of their own. */

const TRAINER = resolve(import.meta.dirname, '../fixtures/fake-trainer.mjs')
const L = 1000

let bundle: Awaited<ReturnType<typeof bundleForNode>>
beforeAll(async () => void (bundle = await bundleForNode(resolve(import.meta.dirname, '../fixtures/cluster-agent.ts'))), 60_000)
afterAll(() => bundle[Symbol.dispose]())

let folder: ReturnType<typeof temporaryFolder>
const orderFolder = (firstLease = L): string => join(folder.path, String(firstLease))
const children: ChildProcess[] = []
beforeEach(() => {
  folder = temporaryFolder()
  mkdirSync(join(orderFolder(), 'checkpoints'), { recursive: true })
})
afterEach(() => {
  for (const { pid } of children.splice(0)) if (pid !== undefined) killProcess(pid)
  folder[Symbol.dispose]()
})

function order(changes: Partial<Order> = {}): string {
  const order: Order = {
    protocol: PROTOCOL,
    runId: 'abcd',
    firstLease: L,
    config: storeConfig(sampleConfig({ steps: 30 })),
    dataset: '.',
    datasetHash: null,
    checkpoints: [],
    dynamics: null,
    weights: null,
    pauseAt: null,
    threads: null,
    attempts: 20,
    requeue: null,
    jobVariable: 'SLURM_JOB_ID',
    ...changes,
  }
  const path = runFiles(orderFolder(order.firstLease)).order(order.firstLease)
  mkdirSync(join(orderFolder(order.firstLease), 'checkpoints'), { recursive: true })
  writeFileSync(path, JSON.stringify(order))
  return path
}

interface Agent {
  child: ChildProcess
  said(): string
  exit: Promise<number | null>
}

function agent(path: string, behaviour: object = {}): Agent {
  const child = spawn(process.execPath, [bundle.file, path, TRAINER], {
    env: { ...process.env, FAKE_TRAINER: JSON.stringify(behaviour), SLURM_JOB_ID: '77' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (said += data.toString()))
  return { child, said: () => said, exit: new Promise((resolve) => child.once('close', resolve)) }
}

/** An agent in this process, which starts immediately; a signal is sent by calling its listeners. */
async function here(path: string, behaviour: object = {}): Promise<string> {
  const said: string[] = []
  await runAgent({
    order: path,
    trainerEntry: TRAINER,
    environment: () => ({ FAKE_TRAINER: JSON.stringify(behaviour) }),
    say: (sentence) => said.push(sentence),
    every: { look: 20, alive: 50, sync: 20 },
    env: { SLURM_JOB_ID: '77' },
  })
  return said.join('\n')
}

const factsOf = (lease: number): Fact[] => [...allFacts(runFiles(orderFolder(Math.floor(lease / L) * L)).facts(lease))]
const reportsOf = (lease: number): Report[] => factsOf(lease).flatMap((fact) => (fact.kind === 'report' ? [fact.report] : []))
const endOf = (lease: number): Fact | undefined => factsOf(lease).at(-1)

async function untilFact(lease: number, condition: (fact: Fact) => boolean): Promise<void> {
  while (!factsOf(lease).some(condition)) await sleep(5)
}
const atStep =
  (step: number) =>
  (fact: Fact): boolean =>
    fact.kind === 'report' && fact.report.kind === 'points' && fact.report.step >= step

it('claims the order, tells where it works, and leaves every report as a fact', async () => {
  await here(order())
  const [first, ...rest] = factsOf(L)
  expect(first).toMatchObject({
    kind: 'attempt',
    lease: L,
    fromStep: -1,
    job: '77',
    provenance: { hardware: { cores: expect.any(Number) } },
  })
  expect(rest.at(-1)).toEqual({ kind: 'left', how: 'ended', exit: { reason: null, overdue: false } })
  const reports = reportsOf(L)
  expect(reports.at(-1)).toMatchObject({ kind: 'ended', outcome: 'finished' })
  const steps = reports.flatMap((report) => (report.kind === 'points' ? [...report.series[0]!.steps] : []))
  expect(steps).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
  expect(JSON.parse(readFileSync(runFiles(orderFolder()).claim(L), 'utf8'))).toMatchObject({ job: '77' })
  expect(JSON.parse(readFileSync(runFiles(orderFolder()).alive(L), 'utf8'))).toMatchObject({ at: expect.any(Number) })
})

it('goes on, after it was killed, from the newest checkpoint of which the facts know', async () => {
  const path = order({ config: storeConfig(sampleConfig({ steps: 60 })) })
  const killed = agent(path, { stepMs: 10 })
  await untilFact(L, atStep(25))
  killed.child.kill('SIGKILL')
  await killed.exit
  const known = reportsOf(L).flatMap((report) => (report.kind === 'checkpoint' ? [report.step] : []))
  await here(path)
  expect(factsOf(L + 1)[0]).toMatchObject({ kind: 'attempt', lease: L + 1, fromStep: known.at(-1) })
  expect(reportsOf(L + 1).at(-1)).toMatchObject({ kind: 'ended', outcome: 'finished' })
})

it('goes on before a torn last frame, and leaves alone a checkpoint that is gone', async () => {
  const path = order()
  await here(path)
  const facts = runFiles(orderFolder()).facts(L)
  // The final checkpoint and what follows are torn off; that of step 20 is missing.
  truncateSync(facts, readFileSync(facts).lastIndexOf('final') + 3)
  rmSync(join(orderFolder(), 'checkpoints', `step-20-lease-${L}.json`))
  await here(path)
  expect(factsOf(L + 1)[0]).toMatchObject({ fromStep: 30 })
})

it.each(['pause', 'stop'] as const)('obeys the command to %s', async (wish) => {
  const working = here(order({ config: storeConfig(sampleConfig({ steps: 10_000 })) }))
  await untilFact(L, atStep(5))
  writeFileSync(runFiles(orderFolder()).command(L), JSON.stringify({ wish }))
  await working
  expect(reportsOf(L).at(-1)).toMatchObject({ kind: 'ended', outcome: wish === 'pause' ? 'paused' : 'stopped' })
  expect(endOf(L)).toMatchObject({ kind: 'left', how: 'ended' })
})

it('writes a checkpoint when the batch system ends the job, which is no end of the run', async () => {
  const working = here(order({ config: storeConfig(sampleConfig({ steps: 10_000 })) }))
  await untilFact(L, atStep(5))
  process.emit('SIGTERM')
  process.emit('SIGTERM')
  await working
  expect(reportsOf(L).at(-1)).toMatchObject({ kind: 'checkpoint', checkpoint: 'pause' })
  expect(endOf(L)).toMatchObject({ kind: 'left', how: 'terminated' })
})

it('has the job started again when its time limit is near', async () => {
  const path = order({
    config: storeConfig(sampleConfig({ steps: 10_000 })),
    requeue: ['touch', join(folder.path, 'requeued {job}; touch $(x)')],
  })
  const working = here(path)
  await untilFact(L, atStep(5))
  process.emit('SIGUSR1')
  await working
  expect(endOf(L)).toMatchObject({ kind: 'left', how: 'requeue' })
  expect(existsSync(join(folder.path, 'requeued 77; touch $(x)'))).toBe(true)
})

it('says why the run is interrupted when the job cannot be started again', async () => {
  const working = here(order({ config: storeConfig(sampleConfig({ steps: 10_000 })), requeue: ['false', '{job}'] }))
  await untilFact(L, atStep(5))
  process.emit('SIGUSR1')
  await expect(working).rejects.toThrow('did not start it again')
  expect(endOf(L)).toMatchObject({ how: 'ended', exit: { interrupted: true, reason: expect.stringContaining('did not start it again') } })
})

it('ends without a word once a newer attempt has claimed the run', async () => {
  const path = order({ config: storeConfig(sampleConfig({ steps: 10_000 })) })
  const orphan = agent(path)
  await untilFact(L, atStep(5))
  const newer = here(path)
  expect(await orphan.exit).toBe(0)
  expect(orphan.said()).toContain('A newer attempt has taken over the run.')
  expect(factsOf(L).some(({ kind }) => kind === 'left')).toBe(false)
  await untilFact(L + 1, atStep(5))
  writeFileSync(runFiles(orderFolder()).command(L), JSON.stringify({ wish: 'stop' }))
  await newer
})

it('leaves an order alone that a newer one has replaced, and gives up after as many attempts as the order allows', async () => {
  const path = order()
  order({ firstLease: 2 * L, attempts: 1 })
  expect(await here(path)).toContain('nothing to do')
  expect(existsSync(runFiles(orderFolder()).claim(L))).toBe(false)
  writeFileSync(runFiles(orderFolder(2 * L)).claim(2 * L), '')
  await here(runFiles(orderFolder(2 * L)).order(2 * L))
  expect(endOf(2 * L + 1)).toMatchObject({ how: 'ended', exit: { reason: expect.stringContaining('1 times without reaching its end') } })
})

it('refuses the order of another build', async () => {
  const path = order()
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), protocol: PROTOCOL + 1 }))
  await expect(here(path)).rejects.toThrow('another build of Retrace')
})
