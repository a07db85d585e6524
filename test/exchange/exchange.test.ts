import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c, maskedCrc32c } from '../../src-main/exchange/crc32c.js'
import { hasConfiguration } from '../../src-main/contract/runs.js'
import type { ConfigTable } from '../../src-main/contract/run-table.js'
import { readEventFile, writeEventFile } from '../../src-main/exchange/event-file.js'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import { temporaryFolder } from '../fixtures/home.js'
import { FIGURES } from '../fixtures/fake-evaluations.js'
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
      fc.asyncProperty(fc.dictionary(fc.string({ minLength: 1, maxLength: 40 }), series, { maxKeys: 4 }), async (all) => {
        const wanted = Object.entries(all)
          .filter(([, points]) => points.steps.length > 0)
          .map(([key, points]) => ({ key, points }))
        const path = join(folder.path, `events.${++made}`)
        await writeEventFile(path, wanted)
        if (wanted.length === 0) await expect(readEventFile(path)).rejects.toMatchObject({ code: 'BAD_INPUT' })
        else expect(await readEventFile(path)).toEqual(wanted)
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
      await expect(readEventFile(path)).rejects.toMatchObject({ code: 'BAD_INPUT' })
    }
    writeFileSync(path, whole.subarray(0, -5))
    expect((await readEventFile(path))[0]!.points.steps).toEqual(Float64Array.of(1, 2))
    writeFileSync(path, 'no event file at all, but some text that is long enough')
    await expect(readEventFile(path)).rejects.toMatchObject({ message: expect.stringContaining('no TensorBoard event file') as string })
    writeFileSync(path, whole)
    await expect(readEventFile(path, { points: 2 })).rejects.toMatchObject({ message: expect.stringContaining('more than 2') as string })
  })
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
    metrics: { 'test/accuracy': NaN },
    weightsHash: 'w',
  })
  events.report({ kind: 'evaluation', file: 'step-40', step: 40, at: 6, figures: { ...FIGURES, loss: NaN } })
  await session.services.runs.setNotes(run.id, '# why\nbecause')
  await session.services.runs.pinCheckpoint(run.id, { file: 'step-40', pinned: true })
  return run.id
}

const pointsOf = async (session: Session, id: string) =>
  (await session.services.runs.series(id)).series.map(({ key, points }) => ({ key, ...unpackPoints(points) }))

describe('a run as an archive', () => {
  it('arrives whole in another home: every point, configuration, notes, log, evaluation and checkpoint; beside itself under a new id', async () => {
    using home = await openSession()
    using other = await openSession()
    using folder = temporaryFolder()
    const id = await trained(home)
    const path = join(folder.path, 'run.tar.gz')
    await home.services.runs.exportFile(id, { path, format: 'archive' })
    expect(readdirSync(folder.path)).toEqual(['run.tar.gz'])

    const run = await other.services.runs.importFile(path)
    expect(run).toMatchObject({ id, name: 'travels', status: 'interrupted', seed: 7 })
    expect(await pointsOf(other, id)).toEqual(await pointsOf(home, id))
    const [before, after] = [await home.services.runs.get(id), await other.services.runs.get(id)]
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
    expect((await other.services.runs.log(id, { limit: 10 })).entries.at(-1)).toMatchObject({ runId: id, message: 'careful' })
    expect(await other.services.runs.evaluation(id, 'step-40')).toEqual(await home.services.runs.evaluation(id, 'step-40'))
    const again = await other.services.runs.importFile(path)
    expect(again.id).not.toBe(id)
    expect(await pointsOf(other, again.id)).toEqual(await pointsOf(home, id))
    expect((await other.services.runs.get(again.id)).checkpoints).toMatchObject([{ runId: again.id, file: 'step-40', pinned: true }])
  })

  it('that is damaged or none changes nothing', async () => {
    using home = await openSession()
    using other = await openSession()
    using folder = temporaryFolder()
    const path = join(folder.path, 'run.tar.gz')
    await home.services.runs.exportFile(await trained(home), { path, format: 'archive' })
    const whole = readFileSync(path)
    for (const content of [whole.subarray(0, whole.length / 2), Buffer.from('x'.repeat(600)), Buffer.alloc(0)]) {
      writeFileSync(path, content)
      await expect(other.services.runs.importFile(path)).rejects.toMatchObject({ name: 'UserError' })
    }
    await expect(other.services.runs.importFile(join(folder.path, 'none'))).rejects.toMatchObject({ name: 'UserError' })
    expect((await other.services.runs.list()).runs).toEqual([])
    expect(existsSync(path)).toBe(true)
  })

  it('or its scalars as an event file, which come back as a run with the same points', async () => {
    using home = await openSession()
    using other = await openSession()
    using folder = temporaryFolder()
    const id = await trained(home)
    const path = join(folder.path, 'events.out.tfevents.1')
    await home.services.runs.exportFile(id, { path, format: 'tensorboard' })
    const run = await other.services.runs.importFile(path)
    expect(await pointsOf(other, run.id)).toEqual(await pointsOf(home, id))
    // Nothing is said of a configuration that it does not have.
    expect(run.note).toContain('Its configuration is not known')
    expect(hasConfiguration(run)).toBe(false)
    expect((JSON.parse((await other.services.runs.configs()).columns) as ConfigTable).columns).toEqual([])
    await expect(other.services.runs.again(run.id)).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
