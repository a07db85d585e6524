import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c, maskedCrc32c } from '../../src-main/exchange/crc32c.js'
import { hasConfiguration } from '../../src-main/contract/runs.js'
import type { ConfigTable } from '../../src-main/contract/run-table.js'
import type { LabResult } from '../../src-main/contract/lab.js'
import { entryOf } from '../../src-main/features/lab/lab-store.js'
import { readEventFiles, writeEventFile } from '../../src-main/exchange/event-file.js'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import { isReservedKey } from '../../src-main/contract/reserved-key.js'
import { temporaryFolder } from '../fixtures/home.js'
import { FIGURES } from '../fixtures/figures.js'
import { openSession, type Session } from '../fixtures/session.js'

describe('the check of TFRecord files', () => {
  it('is CRC32C, with the values of RFC 3720 B.4, masked as TensorFlow masks it', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
    const sum = crc32c(Buffer.from('retrace'))
    const unmasked = (maskedCrc32c(Buffer.from('retrace')) - 0xa282ead8) >>> 0
    expect(((unmasked >>> 17) | (unmasked << 15)) >>> 0).toBe(sum)
  })
})

/** Tags that are kept unchanged: names of properties that every object inherits, which fast-check likes to try, are renamed on reading. */
const tag = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => !isReservedKey(text))
const step = fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 40 }), { maxLength: 30 }).map((steps) => steps.sort((a, b) => a - b))
const series = step.chain((steps) =>
  fc.record({
    steps: fc.constant(Float64Array.from(steps)),
    values: fc.array(fc.double(), { minLength: steps.length, maxLength: steps.length }).map((values) => Float64Array.from(values)),
    times: fc
      .array(fc.integer({ min: 1e12, max: 2e12 }), { minLength: steps.length, maxLength: steps.length })
      .map((times) => Float64Array.from(times)),
  }),
)

describe('TensorBoard event files', () => {
  it('give back every scalar exactly: value, step and time, NaN and infinities included', async () => {
    using folder = temporaryFolder()
    let made = 0
    await fc.assert(
      fc.asyncProperty(fc.dictionary(tag, series, { maxKeys: 4 }), async (all) => {
        const wanted = Object.entries(all)
          .filter(([, points]) => points.steps.length > 0)
          .map(([key, points]) => ({ key, points }))
        const path = join(folder.path, `events.${++made}`)
        await writeEventFile(path, wanted)
        if (wanted.length === 0) await expect(readEventFiles([path])).rejects.toMatchObject({ code: 'BAD_INPUT' })
        else expect((await readEventFiles([path])).series).toEqual(wanted)
      }),
      { numRuns: 50 },
    )
  })

  it('that are damaged anywhere are refused, that are cut off give what is whole, and no others are taken', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'events')
    const points = { steps: Float64Array.of(1, 2, 3), values: Float64Array.of(0.1, 0.2, 0.3), times: Float64Array.of(1e12, 2e12, 3e12) }
    await writeEventFile(path, [{ key: 'a', points }])
    const whole = readFileSync(path)
    for (let at = 0; at < whole.length; at += 7) {
      const broken = Buffer.from(whole)
      broken[at]! ^= 0x40
      writeFileSync(path, broken)
      await expect(readEventFiles([path])).rejects.toMatchObject({ code: 'BAD_INPUT' })
    }
    writeFileSync(path, whole.subarray(0, -5))
    expect((await readEventFiles([path])).series[0]!.points.steps).toEqual(Float64Array.of(1, 2))
    writeFileSync(path, 'no event file at all, but some text that is long enough')
    await expect(readEventFiles([path])).rejects.toMatchObject({
      message: expect.stringContaining('not a TensorBoard event file') as string,
    })
    writeFileSync(path, whole)
    await expect(readEventFiles([path], { points: 2 })).rejects.toMatchObject({ message: expect.stringContaining('more than 2') as string })
  })
})

const labResult = (diagnostic: string, step: number): LabResult => ({
  diagnostic,
  title: diagnostic,
  subject: { arch: 'hamiltonian', preset: 'small', dataset: 'digits', seed: 7, step, weightsHash: 'w' },
  options: { images: 8 },
  summary: [{ key: 'worst', label: 'Worst', symbol: '', unit: '', value: 'NaN' }],
  tables: [{ key: 'units', title: 'Units', columns: [{ key: 'unit', label: 'Unit', symbol: '', unit: '', values: [1, null, 1e-7] }] }],
  figures: [
    {
      kind: 'strip',
      title: 'Kernels',
      rows: [{ label: '1', low: 0, high: 1, images: [{ label: '1', height: 1, width: 2, values: [0.5, null] }] }],
    },
  ],
  notes: [],
  seconds: 2,
})

async function trained(session: Session): Promise<string> {
  const run = await session.services.runs.create({ preset: 'small', dataset: 'digits', name: 'travels', overrides: { seed: 7 } })
  const { events, order } = session.trainers.at(-1)!
  events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
  const steps = Float64Array.from({ length: 9000 }, (_, i) => i + 1)
  const values = steps.map((at) => (at === 50 ? NaN : Math.sin(at)))
  events.report({
    kind: 'points',
    step: 9000,
    activeSeconds: 3,
    medianStepSeconds: 1,
    series: [
      { key: 'train/loss', steps, values, times: steps.map((at) => 1e12 + at) },
      { key: 'test/accuracy', steps: steps.slice(0, 1), values: Float64Array.of(0.5), times: Float64Array.of(1e12) },
    ],
  })
  events.report({ kind: 'log', at: 5, level: 'warn', message: 'careful' })
  writeFileSync(join(order.checkpointFolder, 'step-40'), 'weights')
  events.report({
    kind: 'checkpoint',
    checkpoint: 'final',
    step: 40,
    file: 'step-40',
    bytes: 7,
    createdAt: 1,
    weightsHash: 'w',
  })
  events.report({ kind: 'evaluation', file: 'step-40', step: 40, at: 6, figures: { ...FIGURES, loss: NaN } })
  for (const [diagnostic, step] of [
    ['energy', 20],
    ['volume', 40],
  ] as const) {
    const found = labResult(diagnostic, step)
    session.stores.labResults.put({ runId: run.id, file: `step-${step}`, step, at: 7 + step, ...entryOf(found) }, found)
  }
  for (const [step, predicted] of [
    [20, 'wxyz'],
    [40, 'zyxw'],
  ] as const)
    // prettier-ignore
    events.report({ kind: 'regions', step, size: 2, extent: [-1, 1, -2, 2], predicted: Uint8Array.from(Buffer.from(predicted)) })
  for (const step of [0, 40]) {
    const parts = [{ kind: 'gradients' as const, most: 0.5, depths: [3, 4] }]
    events.report({ kind: 'histograms', step, bins: 1, parts, values: Float32Array.of(1, 0, NaN, 1, step, 2) })
  }
  await session.services.runs.setNotes({ id: run.id, notes: '# why\nbecause' })
  await session.services.runs.pinCheckpoint({ id: run.id, file: 'step-40', pinned: true })
  return run.id
}

const pointsOf = async (session: Session, id: string) =>
  (await session.services.runs.series({ id })).series.map(({ key, points }) => ({ key, ...unpackPoints(points) }))

describe('a run as an archive', () => {
  it('of an earlier version brings checkpoints with values of other steps, which are left behind', async () => {
    using home = await openSession()
    using other = await openSession()
    using folder = temporaryFolder()
    const id = await trained(home)
    const [checkpoint] = home.stores.checkpoints.list(id)
    // Only the loss was measured at step 40.
    expect(checkpoint!.metrics).toEqual({ 'train/loss': Math.sin(40) })
    home.stores.checkpoints.put({ ...checkpoint!, metrics: { 'train/loss': Math.sin(40), 'test/accuracy': 0.5 } })
    const path = join(folder.path, 'run.tar.gz')
    await home.services.runs.exportFile({ id, path, format: 'archive' })
    await other.services.runs.importFile({ path })
    expect(other.stores.checkpoints.list(id)[0]!.metrics).toEqual({ 'train/loss': Math.sin(40) })
  })

  it.each([
    ['/home/someone/CIFAR-10-C', 'CIFAR-10-C'],
    ['C:\\Users\\someone\\CIFAR-10-C', 'CIFAR-10-C'],
    ['images', 'images'],
  ])('has no path of the machine it comes from among the options of results: %s', async (folderOption, left) => {
    using home = await openSession()
    using other = await openSession()
    using folder = temporaryFolder()
    const id = await trained(home)
    const found = { ...labResult('corruptions', 40), options: { folder: folderOption, images: 8 } }
    home.stores.labResults.put({ runId: id, file: 'step-40', step: 40, at: 90, ...entryOf(found) }, found)
    const path = join(folder.path, 'run.tar.gz')
    await home.services.runs.exportFile({ id, path, format: 'archive' })
    await other.services.runs.importFile({ path })
    const entry = other.stores.labResults.list(id).find(({ diagnostic }) => diagnostic === 'corruptions')!
    expect(entry.options).toEqual({ folder: left, images: 8 })
    expect(other.stores.labResults.get(entry.number)!.options).toEqual({ folder: left, images: 8 })
    // In the home it is kept, for running it again.
    expect(home.stores.labResults.list(id)[0]!.options).toEqual({ folder: folderOption, images: 8 })
  })

  it('says in its log which checkpoints its home had lost', async () => {
    using home = await openSession()
    using other = await openSession()
    using folder = temporaryFolder()
    const id = await trained(home)
    home.stores.checkpoints.put({ ...home.stores.checkpoints.list(id)[0]!, file: 'step-30', step: 30 })
    const path = join(folder.path, 'run.tar.gz')
    await home.services.runs.exportFile({ id, path, format: 'archive' })
    await other.services.runs.importFile({ path })
    expect(other.stores.checkpoints.list(id).map(({ step }) => step)).toEqual([40])
    expect((await other.services.runs.log({ id, limit: 10 })).entries.at(-1)).toMatchObject({
      level: 'warn',
      message: 'The exported run came without the files of the checkpoint at step 30, which its home had lost.',
    })
  })

  it('arrives whole in another home: every point, configuration, notes, log, evaluation and checkpoint; beside itself under a new id', async () => {
    using home = await openSession()
    using other = await openSession()
    using folder = temporaryFolder()
    const id = await trained(home)
    const path = join(folder.path, 'run.tar.gz')
    await home.services.runs.exportFile({ id, path, format: 'archive' })
    expect(readdirSync(folder.path)).toEqual(['run.tar.gz'])

    const run = await other.services.runs.importFile({ path })
    expect(run).toMatchObject({ id, name: 'travels', status: 'interrupted', seed: 7 })
    expect(await pointsOf(other, id)).toEqual(await pointsOf(home, id))
    const [before, after] = [await home.services.runs.get({ id }), await other.services.runs.get({ id })]
    expect({
      ...after,
      status: before.status,
      reason: before.reason,
      phase: before.phase,
      remainingSeconds: before.remainingSeconds,
    }).toEqual({
      ...before,
      queueOrder: after.queueOrder,
    })
    expect((await other.services.runs.log({ id, limit: 10 })).entries.at(-1)).toMatchObject({ runId: id, message: 'careful' })
    expect(await other.services.runs.evaluation({ id, file: 'step-40' })).toEqual(
      await home.services.runs.evaluation({ id, file: 'step-40' }),
    )
    const resultsOf = async (session: Session) => {
      const { results } = await session.services.lab.results({ id })
      return Promise.all(results.map(async ({ number, ...entry }) => ({ ...entry, result: await session.services.lab.result({ number }) })))
    }
    const results = await resultsOf(other)
    expect(results.map(({ result, at, file }) => [result.diagnostic, at, file])).toEqual([
      ['volume', 47, 'step-40'],
      // Its checkpoint file is missing, but it is kept.
      ['energy', 27, 'step-20'],
    ])
    expect(results).toEqual(await resultsOf(home))
    const ofSteps = async (session: Session, of = id) => ({
      ...{ regions: (await session.services.runs.regions({ id: of })).regions.map((each) => ({ ...each, runId: '' })) },
      ...{ histograms: (await session.services.runs.histograms({ id: of })).histograms.map((each) => ({ ...each, runId: '' })) },
    })
    expect((await ofSteps(other)).regions.map(({ step }) => step)).toEqual([20, 40])
    expect((await ofSteps(other)).histograms.map(({ step }) => step)).toEqual([0, 40])
    expect(await ofSteps(other)).toEqual(await ofSteps(home))
    const again = await other.services.runs.importFile({ path })
    expect(again.id).not.toBe(id)
    expect(await ofSteps(other, again.id)).toEqual(await ofSteps(home))
    expect(await pointsOf(other, again.id)).toEqual(await pointsOf(home, id))
    expect((await other.services.runs.get({ id: again.id })).checkpoints).toMatchObject([
      { runId: again.id, file: 'step-40', pinned: true },
    ])
  })

  it('whose data set has a name that leads out of the home is refused, and nothing of it is kept', async () => {
    using home = await openSession()
    using other = await openSession()
    using folder = temporaryFolder()
    const path = join(folder.path, 'run.tar.gz')
    await home.services.runs.exportFile({ id: await trained(home), path, format: 'archive' })
    const tar = gunzipSync(readFileSync(path)).toString('latin1')
    // As long as the name that it replaces, so that the sizes in the archive stay right.
    const hostile = tar.replaceAll('"dataset":"digits"', '"dataset":"../etc"')
    expect(hostile).not.toBe(tar)
    writeFileSync(path, gzipSync(Buffer.from(hostile, 'latin1')))
    await expect(other.services.runs.importFile({ path })).rejects.toMatchObject({ name: 'UserError', message: /dataset/ })
    expect((await other.services.runs.list()).runs).toEqual([])
  })

  it.each([
    ['a text in place of a number', '"seconds":2', '"seconds":x', /invalid lab\/0\.json/],
    ['an image of more pixels than it has values', '"width":2', '"width":9', /invalid lab\/0\.json/],
    ['no file of a result', '"part":"lab/1.json"', '"part":"lab/7.json"', /lacks lab\/7\.json/],
    ['another region than was hashed', 'wxyzzyxw', 'wxyzzyxv', /damaged regions\.u8/],
    ['a step of regions too many', '"size":2', '"size":3', /lacks regions\.u8, or parts of it/],
    ['steps of regions that do not ascend', '"step":20,"size"', '"step":40,"size"', /invalid run\.json/],
    ['fewer bins than histograms have values', '"bins":1', '"bins":2', /lacks histograms\.f32, or parts of it/],
  ])('with %s in a result of the lab, regions or histograms is refused, and nothing of it is kept', async (_, before, after, message) => {
    using home = await openSession()
    using other = await openSession()
    using folder = temporaryFolder()
    const path = join(folder.path, 'run.tar.gz')
    await home.services.runs.exportFile({ id: await trained(home), path, format: 'archive' })
    const tar = gunzipSync(readFileSync(path)).toString('latin1')
    // As long as what it replaces, so that the sizes in the archive stay right.
    const hostile = tar.replaceAll(before, after)
    expect(hostile).not.toBe(tar)
    writeFileSync(path, gzipSync(Buffer.from(hostile, 'latin1')))
    await expect(other.services.runs.importFile({ path })).rejects.toMatchObject({ name: 'UserError', message })
    expect((await other.services.runs.list()).runs).toEqual([])
  })

  it('that is damaged or none changes nothing', async () => {
    using home = await openSession()
    using other = await openSession()
    using folder = temporaryFolder()
    const path = join(folder.path, 'run.tar.gz')
    await home.services.runs.exportFile({ id: await trained(home), path, format: 'archive' })
    const whole = readFileSync(path)
    for (const content of [whole.subarray(0, whole.length / 2), Buffer.from('x'.repeat(600)), Buffer.alloc(0)]) {
      writeFileSync(path, content)
      await expect(other.services.runs.importFile({ path })).rejects.toMatchObject({ name: 'UserError' })
    }
    await expect(other.services.runs.importFile({ path: join(folder.path, 'none') })).rejects.toMatchObject({ name: 'UserError' })
    expect((await other.services.runs.list()).runs).toEqual([])
    expect(existsSync(path)).toBe(true)
  })

  it('or its scalars as an event file, which come back as a run with the same points', async () => {
    using home = await openSession()
    using other = await openSession()
    using folder = temporaryFolder()
    const id = await trained(home)
    const path = join(folder.path, 'events.out.tfevents.1')
    await home.services.runs.exportFile({ id, path, format: 'tensorboard' })
    const run = await other.services.runs.importFile({ path })
    expect(await pointsOf(other, run.id)).toEqual(await pointsOf(home, id))
    // Nothing is stated about a configuration that it does not have.
    expect(run.note).toContain('Its configuration is unknown')
    expect(hasConfiguration(run)).toBe(false)
    expect((JSON.parse((await other.services.runs.configs({})).columns) as ConfigTable).columns).toEqual([])
    await expect(other.services.runs.again({ id: run.id })).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
