import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterSchema, ResourcesSchema, SLURM } from '../../src-main/contract/cluster.js'
import type { CreateRun, RunDetail } from '../../src-main/contract/runs.js'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import { catalogue } from '../../src-main/hosts/catalogue.js'
import { computeEnvironment } from '../../src-main/hosts/engine.js'
import { createImporter } from '../../src-main/hosts/importer.js'
import { createClusterLauncher } from '../../src-main/training/cluster/launcher.js'
import { openBackend, type Backend } from '../fixtures/backend.js'
import { bundleForNode } from '../fixtures/build.js'
import { temporaryFolder } from '../fixtures/home.js'
import { missingSlurm, startSlurm, type Slurm } from '../fixtures/slurm.js'

/** Everything is real: the workbench, two nodes of Slurm, agents, and trainers that compute. */

const missing = missingSlurm()
if (missing) console.warn(`Runs on a real cluster are skipped: ${missing}.`)

const folder = temporaryFolder()
let bundle: Awaited<ReturnType<typeof bundleForNode>>
let slurm: Slurm
let backend: Backend

async function open(): Promise<void> {
  backend = await openBackend({
    home: join(folder.path, 'home'),
    trainerEntry: join(bundle.file, '..', 'trainer.js'),
    hostKind: 'server',
    catalogue,
    importer: createImporter('nothing is imported here'),
    environment: () => computeEnvironment(undefined),
    cluster: createClusterLauncher({
      fault: (error) => console.warn(error),
      every: { look: 50, ask: 500, soon: 100 },
      patience: { command: 20_000, alive: 20_000, missing: 4000 },
      env: { ...process.env, ...slurm.env },
    }),
  })
}

beforeAll(async () => {
  if (missing) return
  const root = join(import.meta.dirname, '../../src-main')
  bundle = await bundleForNode(join(root, 'hosts/agent/main.ts'), join(root, 'training/trainer.ts'), join(root, 'data/batch-worker.ts'))
  slurm = await startSlurm()
  mkdirSync(join(folder.path, 'home'))
  await open()
  const scheduler = { ...SLURM, prefix: [] }
  await backend.services.cluster.setUp(
    ClusterSchema.parse({ folder: join(folder.path, 'shared'), agent: bundle.file, node: process.execPath, scheduler }),
  )
}, 120_000)
afterAll(async () => {
  if (missing) return
  await backend.close()
  await slurm[Symbol.asyncDispose]()
  bundle[Symbol.dispose]()
  folder[Symbol.dispose]()
})

const STEPS = 400
const request: CreateRun = {
  preset: 'hamiltonian-quick',
  dataset: 'mnist',
  overrides: {
    stages: [{ channels: 4, units: 1 }],
    steps: STEPS,
    batch: 8,
    subset: 0.05,
    evaluateEvery: 1000,
    evaluateImages: 40,
    checkpointSeconds: 0.3,
  },
}
const place = ResourcesSchema.parse({ minutes: 10, cpus: 1 })

async function until(id: string, condition: (run: RunDetail) => boolean): Promise<RunDetail> {
  for (;;) {
    const run = await backend.services.runs.get({ id })
    if (condition(run)) return run
    if (run.status === 'failed' || run.status === 'finished')
      throw new Error(`run ${id} is ${run.status} at step ${run.step}: ${run.reason}`)
    await sleep(20)
  }
}

async function losses(id: string): Promise<number[][]> {
  const { series } = await backend.services.runs.series({ id, keys: ['train/loss'] })
  const { steps, values } = unpackPoints(series[0]!.points)
  return [[...steps], [...values]]
}

it.skipIf(missing !== null)(
  'runs that are requeued or cancelled, or go on while the workbench is closed, end with the weights of undisturbed ones',
  { timeout: 240_000 },
  async () => {
    const { runs } = backend.services
    const scontrol = (...args: string[]): void => void spawnSync(args[0]!, args.slice(1), { env: { ...process.env, ...slurm.env } })
    const jobOf = async (id: string): Promise<string> => (await backend.services.cluster.jobs()).find(({ runId }) => runId === id)!.jobId!
    const local = await runs.createSeveral({ request, seeds: [1, 2] })
    for (const { id } of local) await until(id, ({ status }) => status === 'finished')
    const [requeued, cancelled] = await runs.createSeveral({ request: { ...request, place }, seeds: [1, 2] })

    await Promise.all([until(requeued!.id, ({ step }) => step >= 5), until(cancelled!.id, ({ step }) => step >= 5)])
    scontrol('scontrol', 'requeue', await jobOf(requeued!.id))
    scontrol('scancel', await jobOf(cancelled!.id))
    const job = await jobOf(requeued!.id)
    // By itself a job that was requeued waits for two minutes.
    await until(requeued!.id, ({ phase }) => {
      slurm.hurry(job)
      return phase?.startsWith('waits for the cluster') ?? false
    })
    await until(cancelled!.id, ({ status }) => status === 'interrupted')
    await runs.resume({ id: cancelled!.id })
    await backend.close()
    await open()
    const found = [requeued!, cancelled!].map(async ({ id }) => {
      const run = await until(id, ({ status, phase }) => {
        if (phase?.startsWith('waits')) slurm.hurry(job)
        return status === 'finished'
      })
      return { hash: run.result?.weightsHash, losses: await losses(id) }
    })
    const undisturbed = local.map(async ({ id }) => ({
      hash: (await backend.services.runs.get({ id })).result?.weightsHash,
      losses: await losses(id),
    }))
    expect(await Promise.all(found)).toEqual(await Promise.all(undisturbed))
    expect((await backend.services.cluster.jobs()).map(({ runId, attempt }) => [runId, attempt]).sort()).toEqual(
      [
        [requeued!.id, 2],
        [cancelled!.id, 1],
      ].sort(),
    )
  },
)
