import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { RunDetail } from '../../src-main/contract/runs.js'
import { unpackTar } from '../../src-main/data/archive.js'
import { openBackend, type Backend } from '../fixtures/backend.js'
import { catalogue } from '../../src-main/hosts/catalogue.js'
import { computeEnvironment } from '../../src-main/hosts/engine.js'
import { createImporter } from '../../src-main/hosts/importer.js'
import { temporaryFolder } from '../fixtures/home.js'
import { realTrainer } from '../fixtures/trainer.js'
import { slice } from '../fixtures/slice.js'

/** Files written by earlier versions, made with `test/fixtures/released/make.mjs`. */
const RELEASED = resolve(import.meta.dirname, '../fixtures/released')
const having = (file: string): string[] => readdirSync(RELEASED).filter((name) => existsSync(join(RELEASED, name, file)))
const bundle = realTrainer()

let folder: ReturnType<typeof temporaryFolder>
let backend: Backend | undefined
afterEach(async () => {
  await backend?.close()
  folder[Symbol.dispose]()
})

async function open(home?: string): Promise<Backend['services']> {
  folder = temporaryFolder()
  if (home !== undefined)
    await unpackTar(home, folder.path, {
      kind: 'tar.gz',
      signal: new AbortController().signal,
      onProgress: () => undefined,
      limits: { entries: 1000, ratio: 1500 },
    })
  backend = await openBackend({
    home: folder.path,
    trainerEntry: bundle.file,
    hostKind: 'server',
    catalogue,
    importer: createImporter('nothing is imported here'),
    environment: () => computeEnvironment(undefined),
  })
  return backend.services
}

const ended = (runs: Backend['services']['runs'], id: string): Promise<RunDetail> =>
  vi.waitFor(
    async () => {
      const run = await runs.get({ id })
      expect(['finished', 'failed', 'diverged', 'interrupted'], run.reason ?? '').toContain(run.status)
      return run
    },
    { timeout: 300_000, interval: 200 },
  )

/** The behaviour of runs of that time, as opposed to the current defaults. */
const DID: Record<string, object> = {
  first: { execution: 'eager', fusedKernels: false, memoryBudget: 0, gradientTolerance: 0 },
  'archive-1': { execution: 'eager', fusedKernels: false, memoryBudget: 0, gradientTolerance: 0 },
  'archive-2': { execution: 'compiled', fusedKernels: true, gradientTolerance: 0 },
  'archive-3': { execution: 'compiled', fusedKernels: true, gradientTolerance: 0 },
  'archive-7': { execution: 'compiled', fusedKernels: true, histograms: 20, edgeNorm: 'batch' },
}
/** Formats in which checkpoints have a hash of their whole content. */
const HASHED = ['archive-7']
/** Archive formats with data collected over training: regions in the plane and histograms. */
const COLLECTED = ['archive-7']

test.each(slice(having('home.tar.gz'), import.meta.filename))(
  'a home of the format "%s" is opened, and its runs go on, are forked and run again',
  async (name) => {
    const { runs } = await open(join(RELEASED, name, 'home.tar.gz'))
    const all = (await runs.list()).runs
    expect(all.map((run) => [run.name, run.status])).toEqual([
      ['half-way', 'paused'],
      ['finished', 'finished'],
    ])
    const [half, finished] = [await runs.get({ id: all[0]!.id }), await runs.get({ id: all[1]!.id })]
    for (const run of [half, finished]) {
      expect(run.config).toMatchObject(DID[name]!)
      expect(run.checkpoints.length).toBeGreaterThan(1)
      expect(run.checkpoints.every(({ contentHash }) => (contentHash !== undefined) === HASHED.includes(name))).toBe(true)
    }
    expect(finished.result?.testAccuracy).toBeGreaterThan(0.4)
    expect((await runs.series({ id: finished.id })).series.find(({ key }) => key === 'train/loss')).toBeDefined()

    // The selected checkpoint gives the accuracy reported at that time, and the last one the weights.
    const selected = finished.checkpoints.filter(({ kind }) => kind === 'best').at(-1) ?? finished.checkpoints.at(-1)!
    const evaluation = await runs.evaluate({ id: finished.id, file: selected.file })
    expect(evaluation.accuracy).toBeCloseTo(finished.result!.testAccuracy!, 2)
    const again = await runs.again({ id: finished.id })
    const fork = await runs.fork({ id: half.id, overrides: { steps: 5 } })
    for (const made of [again, fork]) {
      const run = await ended(runs, made.id)
      expect(run, run.reason ?? '').toMatchObject({ status: 'finished', config: DID[name]! })
      expect(run.checkpoints.every(({ contentHash }) => contentHash !== undefined)).toBe(true)
    }

    const before = half.checkpoints.at(-1)!.step
    await runs.resume({ id: half.id })
    const whole = await ended(runs, half.id)
    expect(whole, whole.reason ?? '').toMatchObject({ status: 'finished', step: half.totalSteps })
    const messages = (await runs.log({ id: half.id, limit: 100 })).entries.map(({ message }) => message)
    const resumed = messages.find((message) => message.includes(`at step ${before}`))!
    expect(/only its weights could be verified/.test(resumed)).toBe(!HASHED.includes(name))
  },
)

test.each(slice(having('run.tar.gz'), import.meta.filename))(
  'an archive of the format "%s" is imported: its run is evaluated, forked, run again and exported',
  async (name) => {
    const { runs } = await open()
    const imported = await runs.importFile({ path: join(RELEASED, name, 'run.tar.gz') })
    const run = await runs.get({ id: imported.id })
    expect(run).toMatchObject({ name: 'finished', status: 'finished', config: DID[name]! })
    const evaluation = await runs.evaluate({ id: run.id, step: run.step })
    expect(evaluation.images).toBe(1000)
    for (const made of [await runs.again({ id: run.id }), await runs.fork({ id: run.id, overrides: { steps: 5 } })])
      expect(await ended(runs, made.id)).toMatchObject({ status: 'finished', config: DID[name]! })
    const path = join(folder.path, 'again.tar.gz')
    await runs.exportFile({ id: run.id, path, format: 'archive' })
    const back = await runs.get({ id: (await runs.importFile({ path })).id })
    expect(back).toMatchObject({ config: run.config, result: run.result, best: run.best })
    const collected = async (id: string) => {
      const [{ regions }, { histograms }] = await Promise.all([runs.regions({ id }), runs.histograms({ id })])
      return [regions, histograms].map((all) => all.map((each) => ({ ...each, runId: '' })))
    }
    const its = await collected(run.id)
    expect(its.map(({ length }) => length > 0)).toEqual(COLLECTED.includes(name) ? [true, true] : [false, false])
    expect(await collected(back.id)).toEqual(its)
    expect(back.checkpoints.map(({ file, weightsHash }) => [file, weightsHash])).toEqual(
      run.checkpoints.map(({ file, weightsHash }) => [file, weightsHash]),
    )
  },
)

test('a run whose last checkpoints are damaged goes on from the one before, to the same bit as without the damage', async () => {
  const { runs } = await open(join(RELEASED, 'archive-3', 'home.tar.gz'))
  const half = (await runs.list()).runs.find((run) => run.name === 'half-way')!
  const checkpoints = (await runs.get({ id: half.id })).checkpoints
  const [sound, damaged] = [checkpoints.at(-2)!, checkpoints.at(-1)!]
  // From the same checkpoint: the steps in between were computed on the fixture's processor, whose last bits may differ.
  await runs.resume({ id: half.id, step: sound.step })
  const { weightsHash } = (await ended(runs, half.id)).result!

  await backend!.close()
  folder[Symbol.dispose]()
  const { runs: anew } = await open(join(RELEASED, 'archive-3', 'home.tar.gz'))
  // In this format, only the weights can be verified; for the current one, see test/training/checkpoint.test.ts.
  const path = join(folder.path, 'runs', half.id, 'checkpoints', damaged.file)
  const bytes = readFileSync(path)
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString()) as Record<
    string,
    { data_offsets: [number, number] }
  >
  const [weight] = Object.entries(header).find(([tensor]) => tensor.startsWith('params/'))!
  bytes[8 + Number(bytes.readBigUInt64LE(0)) + header[weight]!.data_offsets[0]]! ^= 1
  writeFileSync(path, bytes)
  await anew.resume({ id: half.id })
  const run = await ended(anew, half.id)
  expect(run.result!.weightsHash).toBe(weightsHash)
  expect(run.checkpoints.map(({ file }) => file)).not.toContain(damaged.file)
  expect(readdirSync(join(path, '..'))).toContain(`${damaged.file}.damaged`)
  const { entries } = await anew.log({ id: half.id, limit: 100 })
  expect(entries.find(({ level, message }) => level === 'warn' && message.includes(damaged.file))?.message).toContain(
    `resuming from the checkpoint at step ${sound.step}`,
  )
})
