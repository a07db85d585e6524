import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ClusterSchema, ResourcesSchema, type Cluster } from '../../src-main/contract/cluster.js'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import type { RunDetail, RunStatus } from '../../src-main/contract/runs.js'
import type { ClusterFinding } from '../../src-main/features/cluster/cluster-check.js'
import { catalogue } from '../../src-main/hosts/catalogue.js'
import { createClusterChecker } from '../../src-main/hosts/cluster-check.js'
import { createImporter } from '../../src-main/hosts/importer.js'
import { createClusterLauncher } from '../../src-main/training/cluster/launcher.js'
import { openBackend, type Backend } from '../fixtures/backend.js'
import { standIn } from '../fixtures/batch.js'
import { bundleForNode } from '../fixtures/build.js'
import { temporaryFolder } from '../fixtures/home.js'
import { killProcess } from '../fixtures/processes.js'

/** A real workbench, a batch system that a test can trouble, and agents with trainers that only count. */

const TRAINER = resolve(import.meta.dirname, '../fixtures/fake-trainer.mjs')
/** Steps that no test waits for. */
const LONG = 100_000
const RESOURCES = ResourcesSchema.parse({ minutes: 10, cpus: 1 })

let bundle: Awaited<ReturnType<typeof bundleForNode>>
beforeAll(async () => {
  const agent = resolve(import.meta.dirname, '../../src-main/hosts/agent/main.ts')
  bundle = await bundleForNode(resolve(import.meta.dirname, '../fixtures/cluster-agent.ts'), agent)
}, 60_000)
afterAll(() => bundle[Symbol.dispose]())

let folder: ReturnType<typeof temporaryFolder>
let backend: Backend
let batch: ReturnType<typeof standIn>
const faults: unknown[] = []
const shared = (): string => join(folder.path, "shared 'quoted' $(folder)")

async function open(behaviour: object = {}): Promise<void> {
  mkdirSync(join(folder.path, 'home'), { recursive: true })
  const env = { ...batch.env, FAKE_TRAINER: JSON.stringify(behaviour), TEST_TRAINER: TRAINER }
  backend = await openBackend({
    home: join(folder.path, 'home'),
    trainerEntry: TRAINER,
    environment: () => ({ FAKE_TRAINER: JSON.stringify(behaviour) }),
    hostKind: 'server',
    catalogue,
    importer: createImporter('nothing is imported here'),
    fault: (error) => faults.push(error),
    cluster: createClusterLauncher({
      fault: (error) => faults.push(error),
      every: { look: 20, ask: 150, soon: 50 },
      patience: { command: 5000, alive: 300, missing: 200 },
      env,
    }),
  })
  const set = { folder: shared(), agent: bundle.file, node: process.execPath, scheduler: batch.words }
  await backend.services.cluster.setUp(ClusterSchema.parse(set))
}

beforeEach(() => {
  folder = temporaryFolder()
  batch = standIn(join(folder.path, 'batch'))
  faults.length = 0
})
afterEach(async () => {
  // What still runs ends before its folder does.
  for (const pid of agents()) killProcess(pid)
  await backend.close()
  folder[Symbol.dispose]()
})

const jobs = (): { id: string; pid: number; state: string }[] =>
  readdirSync(join(folder.path, 'batch'))
    .flatMap((name) => /^job-(\d+)$/.exec(name)?.[1] ?? [])
    .map((id) => ({ id, ...(JSON.parse(readFileSync(join(folder.path, 'batch', `job-${id}`), 'utf8')) as { pid: number; state: string }) }))
const agents = (): number[] => jobs().flatMap(({ pid }) => (pid ? [pid] : []))
const commands = (): string[] =>
  readFileSync(join(folder.path, 'batch', 'commands'), 'utf8')
    .trim()
    .split('\n')

const begin = (steps: number) =>
  backend.services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps }, place: RESOURCES })

async function until(id: string, condition: (run: RunDetail) => boolean): Promise<RunDetail> {
  for (;;) {
    const run = await backend.services.runs.get({ id })
    if (condition(run)) return run
    if (run.endedAt !== null && run.status !== 'queued') throw new Error(`run ${id} is ${run.status} at step ${run.step}: ${run.reason}`)
    await sleep(10)
  }
}
const ended = (id: string, status: RunStatus): Promise<RunDetail> => until(id, ({ status: now }) => now === status)

/** Stops a run that would go on for minutes, so that no test depends on what it does before it ends. */
async function stop(id: string): Promise<RunDetail> {
  await backend.services.runs.stop({ id })
  return until(id, ({ status }) => status === 'stopped')
}

async function expectWhole(id: string, steps: number): Promise<void> {
  const { series } = await backend.services.runs.series({ id, keys: ['train/loss'] })
  const points = unpackPoints(series[0]!.points)
  expect([...points.steps]).toEqual(Array.from({ length: steps }, (_, i) => i + 1))
}

const checkpointsAtHome = (id: string): string[] => readdirSync(join(folder.path, 'home', 'runs', id, 'checkpoints'))

it('computes a run by a job, takes everything in, and leaves nothing in the shared folder', async () => {
  await open()
  const { id } = await begin(40)
  const run = await ended(id, 'finished')
  expect(run).toMatchObject({ status: 'finished', step: 40, reason: null, environment: { hardware: { cores: expect.any(Number) } } })
  await expectWhole(id, 40)
  expect(run.checkpoints.map(({ step }) => step)).toEqual([0, 10, 20, 30, 40])
  expect(checkpointsAtHome(id)).toHaveLength(5)
  expect(await backend.services.cluster.jobs()).toMatchObject([
    { runId: id, jobId: '1', attempt: 1, status: 'finished', endedAt: expect.any(Number) },
  ])
  while (existsSync(join(shared(), 'runs', id))) await sleep(10)
  expect(readdirSync(join(shared(), 'datasets'))).toEqual([run.environment.datasetHash!.replaceAll(/[^\w-]/g, '-')])
  expect(readdirSync(join(folder.path, 'home', 'runs', id, 'log')).sort()).toEqual(['job-1000.log', 'trainer-1000.log'])
  expect(faults).toEqual([])
})

it('goes on while the workbench is closed, which then shows the run as if it had been open', async () => {
  await open({ stepMs: 5 })
  const { id } = await begin(60)
  await until(id, ({ step }) => step >= 20)
  await backend.close()
  while (jobs().length > 0) await sleep(20)
  await open()
  const run = await ended(id, 'finished')
  expect(run).toMatchObject({ status: 'finished', step: 60 })
  await expectWhole(id, 60)
  const { entries } = await backend.services.runs.log({ id })
  expect(entries.map(({ message }) => message)).toEqual(['began at 0'])
})

it('goes on from the last checkpoint after its node was lost, and computes again what came after it', async () => {
  await open({ stepMs: 5 })
  const { id } = await begin(LONG)
  await until(id, ({ step }) => step >= 25)
  const [job] = jobs()
  batch.fault(`requeue-${job!.id}`)
  killProcess(job!.pid)
  await until(id, ({ lease }) => lease === 1001)
  while ((await backend.services.runs.log({ id })).entries.length < 3) await sleep(10)
  const run = await stop(id)
  await expectWhole(id, run.step)
  const { entries } = await backend.services.runs.log({ id })
  expect(entries.map(({ message }) => message.replace(/\d+ steps/, 'N steps').replace(/step \d+ on .*;/, 'step N on NODE;'))).toEqual([
    'began at 0',
    'went on from step N on NODE; N steps are computed again',
    expect.stringMatching(/^began at \d+0$/),
  ])
  expect(await backend.services.cluster.jobs()).toMatchObject([{ attempt: 2 }])
})

it('is interrupted, and goes on here, when its job is cancelled by somebody else', async () => {
  await open({ stepMs: 5 })
  const { id } = await begin(LONG)
  await until(id, ({ step }) => step >= 20)
  killProcess(jobs()[0]!.pid)
  const run = await ended(id, 'interrupted')
  expect(run).toMatchObject({ status: 'interrupted', reason: expect.stringContaining('Job 1 ended on the cluster before the run did') })
  await backend.services.cluster.place({ id, resources: null })
  await backend.services.runs.resume({ id })
  await until(id, ({ status, step }) => status === 'running' && step > run.step)
  const stopped = await stop(id)
  expect(stopped.lease).toBe(2000)
  await expectWhole(id, stopped.step)
})

it('pauses where it works, is cancelled where it waits, and goes on there after it began here', async () => {
  await open({ stepMs: 5 })
  const { id } = await backend.services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: LONG } })
  await until(id, ({ step }) => step >= 15)
  await backend.services.runs.pause({ id })
  await ended(id, 'paused')
  batch.fault('slots', '0')
  await backend.services.cluster.place({ id, resources: RESOURCES })
  await backend.services.runs.resume({ id })
  await until(id, ({ phase }) => phase === 'waits for the cluster (Priority)')
  await backend.services.runs.pause({ id })
  expect(await ended(id, 'paused')).toMatchObject({ status: 'paused', reason: null })
  batch.fault('slots', '5')
  await backend.services.runs.resume({ id })
  await until(id, ({ step, status }) => status === 'running' && step >= 30)
  await backend.services.runs.pause({ id })
  expect(await ended(id, 'paused')).toMatchObject({ status: 'paused' })
  await backend.services.runs.resume({ id })
  await until(id, ({ status, step }) => status === 'running' && step >= 45)
  await expectWhole(id, (await stop(id)).step)
})

it('is submitted once, whatever the batch system answers', async () => {
  await open({ stepMs: 5 })
  batch.fault('lost')
  batch.fault('doubled')
  const { id } = await begin(60)
  await until(id, ({ step }) => step >= 5)
  batch.fault('wrong')
  batch.fault('down')
  await sleep(400)
  const { status } = await backend.services.runs.get({ id })
  expect(['running', 'finished']).toContain(status)
  expect(await ended(id, 'finished')).toMatchObject({ status: 'finished' })
  await expectWhole(id, 60)
  expect(commands().filter((command) => command === 'sbatch')).toHaveLength(2)
})

it('fails with the reason of the batch system when it can never run', async () => {
  await open()
  const { id } = await backend.services.runs.create({
    preset: 'hamiltonian-quick',
    dataset: 'mnist',
    place: { ...RESOURCES, cpus: 64 },
  })
  expect(await ended(id, 'failed')).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('Requested node configuration is not available'),
  })
  expect(existsSync(join(shared(), 'runs', id, '1000', 'claim-1000'))).toBe(false)
})

describe('the check of the cluster', () => {
  const NAMES = ['folder', 'commands', 'request', 'job', 'shared', 'node', 'build']
  const check = async (changes: Partial<Cluster> = {}, seconds = 30): Promise<Record<string, ClusterFinding>> => {
    const set = { folder: shared(), agent: join(bundle.file, '..', 'main.js'), node: process.execPath, scheduler: batch.words }
    const found = await createClusterChecker(batch.env).check({ ...ClusterSchema.parse(set), ...changes }, seconds)
    return Object.fromEntries(NAMES.map((name, i) => [name, found[i]!]))
  }
  const broken = (found: Record<string, ClusterFinding>): (string | null)[][] =>
    Object.entries(found).flatMap(([name, { ok, remedy }]) => (ok === false ? [[name, remedy]] : []))

  it('finds nothing broken where everything is there, and leaves nothing behind', async () => {
    await open()
    const found = await check()
    expect(broken(found)).toEqual([])
    expect(found['node']!.detail).toContain(`Node ${process.versions.node}`)
    expect(readdirSync(shared()).sort()).toEqual(['datasets', 'runs'])
  })

  it.each<[string, (folder: string) => Partial<Cluster>, string]>([
    ['folder', () => ({ folder: join(process.execPath, 'no-folder') }), 'with a folder that you may write to'],
    ['commands', () => ({ scheduler: { ...batch.words, list: ['no-such-squeue'] } }), 'on a login node'],
    ['request', () => ({ defaults: { ...RESOURCES, cpus: 64 } }), 'Change the defaults'],
    ['shared', (folder) => ({ folderThere: folder }), 'that this machine and the nodes share'],
    ['node', () => ({ node: '/not/here/node' }), 'Install Retrace and Node where the nodes see them'],
  ])('names a broken condition with what to do: %s', async (name, changes, remedy) => {
    await open()
    expect(broken(await check(changes(folder.path)))).toEqual([[name, expect.stringContaining(remedy)]])
  })

  it('says what a job waits for that does not start in time', async () => {
    await open()
    batch.fault('slots', '0')
    const found = await check({}, 1)
    expect(found['job']).toMatchObject({ ok: false, detail: 'it still waits after 1 s (Priority)' })
    expect(found['node']!.ok).toBeNull()
  })
})
