import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { reportedOf } from '../../src-main/contract/metrics.js'
import { readCheckpoint } from '../../src-main/training/checkpoint.js'
import { findLeftBehind } from '../../src-main/training/left-behind.js'
import { seal } from '../../src-main/training/content-hash.js'
import { writeSafetensors } from '../../src-main/training/safetensors.js'
import { place, smallConfig, trainHere } from './training.js'
import { tf } from './support.js'

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)

describe('the same seed', () => {
  test.each(['sgd', 'nesterov', 'adam', 'adamw'] as const)(
    'gives the same run to the bit, another seed another one (%s)',
    async (optimizer) => {
      const where = await place('noise')
      const config = smallConfig({ optimizer, augment: { pad: 1, flip: true } })
      const [first, second, other] = [
        await trainHere(where, config),
        await trainHere(await place('noise'), config),
        await trainHere(await place('noise'), { ...config, seed: 2 }),
      ]
      expect(second.ended.result!.weightsHash).toBe(first.ended.result!.weightsHash)
      expect(second.series('train/loss')).toEqual(first.series('train/loss'))
      expect(other.ended.result!.weightsHash).not.toBe(first.ended.result!.weightsHash)
      expect(other.series('train/loss')[0]).not.toEqual(first.series('train/loss')[0])
    },
  )

  test.each(['sgd', 'adam'] as const)(
    'paused and resumed, ends with the same weights and series as uninterrupted (%s)',
    async (optimizer) => {
      const config = smallConfig({
        optimizer,
        augment: { pad: 1, flip: true },
        schedule: { kind: 'onecycle', warmup: 2 },
        validation: 0.2,
        evaluateEvery: 3,
      })
      const whole = await trainHere(await place('noise'), config)
      const where = await place('noise')
      const before = await trainHere(where, config, { command: { at: 7, kind: 'pause' } })
      expect(before.ended).toMatchObject({ outcome: 'paused', reason: null })
      const checkpoint = before.checkpoints.at(-1)!
      expect(checkpoint).toMatchObject({ checkpoint: 'pause', step: 7 })
      const after = await trainHere(where, config, { resumeFrom: checkpoint.file, lease: 2 })
      expect(after.ended.result!.weightsHash).toBe(whole.ended.result!.weightsHash)
      expect(after.ended.result!.testAccuracy).toBe(whole.ended.result!.testAccuracy)
      for (const key of ['train/loss', 'train/learningRate', 'validation/accuracy', 'reversibility/reconstructionError'])
        expect([...before.series(key), ...after.series(key)], key).toEqual(whole.series(key))
      expect(whole.series('train/loss').map(({ step }) => step)).toEqual(upTo(12))
    },
  )

  test('pauses by itself where it is told to, after its evaluation there, and goes on from there to the same weights', async () => {
    const config = smallConfig({ validation: 0.2, evaluateEvery: 3 })
    const whole = await trainHere(await place('noise'), config)
    const where = await place('noise')
    const first = await trainHere(where, config, { pauseAt: 3 })
    expect(first.ended).toMatchObject({
      outcome: 'paused',
      reason: expect.stringMatching(/Trained up to step 3 of 12,/) as string,
      result: { step: null },
    })
    expect(first.series('validation/accuracy')).toEqual(whole.series('validation/accuracy').slice(0, 1))
    const resumeFrom = first.checkpoints.at(-1)!.file
    // Like after a crash of its host: it trains nothing, and reports the same again.
    const again = await trainHere(where, config, { pauseAt: 3, resumeFrom, lease: 2 })
    expect(again.ended.outcome).toBe('paused')
    expect(again.series('train/loss')).toEqual([])
    const second = await trainHere(where, config, { pauseAt: 9, resumeFrom: again.checkpoints.at(-1)!.file, lease: 3 })
    expect(second.ended.outcome).toBe('paused')
    const last = await trainHere(where, config, { resumeFrom: second.checkpoints.at(-1)!.file, lease: 4 })
    expect(last.ended.result!.weightsHash).toBe(whole.ended.result!.weightsHash)
    const parts = [first, second, last].flatMap((part) => part.series('validation/accuracy'))
    expect(parts).toEqual(whole.series('validation/accuracy'))
  })

  test('when the host is lost, the last checkpoint has every point that the host did not commit, whatever was written meanwhile', async () => {
    const where = await place('noise')
    const config = smallConfig({ checkpointSeconds: 1e-9 })
    const { reports, checkpoints } = await trainHere(where, config, { hostLost: { at: 9, kept: 2 } })
    const committed = reports.filter((report) => report.kind === 'points' && report.sequence <= 2)
    const { step: from } = committed.at(-1) as { step: number }
    expect(checkpoints.map(({ step }) => step)).toEqual([0, ...upTo(9)])
    const left = findLeftBehind(where.checkpointFolder, 1)
    expect(left).toMatchObject({ file: checkpoints.at(-1)!.file, step: 9 })
    const loss = left!.series.find(({ key }) => key === 'train/loss')!
    expect(from).toBeLessThan(7)
    expect([...loss.steps]).toEqual(upTo(9).slice(from))
  })

  test('a run leaves no tensor behind', async () => {
    const before = tf.memory().numTensors
    const { ended } = await trainHere(await place('noise'), smallConfig({ validation: 0.2, evaluateEvery: 4 }))
    expect(ended.outcome).toBe('finished')
    // Parameters, statistics and velocities of the finished run remain until the process ends.
    const once = tf.memory().numTensors - before
    await trainHere(await place('noise'), smallConfig({ validation: 0.2, evaluateEvery: 2 }))
    expect(tf.memory().numTensors - before).toBe(2 * once)
  })
})

describe('the best checkpoint', () => {
  const config = smallConfig({ steps: 24, evaluateEvery: 2, validation: 0.25, learningRate: 0.1 })

  test('is the one that was best on the validation split, and its test accuracy is the one reported', async () => {
    const run = await trainHere(await place('noise'), config)
    const validation = run.series('validation/accuracy')
    const best = validation.reduce((a, b) => (b.value > a.value ? b : a))
    const final = await readCheckpoint(join(run.folder, run.checkpoints.at(-1)!.file))
    expect(final.progress.best).toMatchObject({ step: best.step, value: best.value })
    expect(run.ended.result!.testAccuracy).toBe(run.series('test/accuracy').find(({ step }) => step === best.step)!.value)
    const kept = await readCheckpoint(join(run.folder, final.progress.best!.file))
    expect(kept.progress.step).toBe(best.step)
    // The premise of the test: the best is not the last.
    expect(best.step).toBeLessThan(24)
  })

  test.each([
    [
      'damaged',
      (file: string) =>
        writeFileSync(
          file,
          readFileSync(file).map((byte, at, { length }) => (at < length - 64 ? byte : 1)),
        ),
      'its content does not match its hash',
    ],
    ['gone', (file: string) => rmSync(file), 'does not exist'],
  ])('that is %s when the run ends leaves it finished, without a reported figure, and says so', async (_, harm, why) => {
    const where = await place('noise')
    let selected = ''
    const run = await trainHere(where, config, {
      onReport(report) {
        if (report.kind !== 'checkpoint') return
        if (report.checkpoint === 'best') selected = report.file
        else if (report.checkpoint === 'final') harm(join(where.checkpointFolder, selected))
      },
    })
    const { outcome, reason, result } = run.ended
    expect(outcome).toBe('finished')
    expect(reason).toMatch(/^The selected checkpoint at step \d+ could not be read: /)
    expect(reason).toContain(why)
    expect(reason).toContain(selected)
    expect(run.logs).toContain(reason)
    expect(reportedOf(result)).toBeNull()
    expect(result!.weightsHash).toBe(run.checkpoints.at(-1)!.weightsHash)
    expect(run.reports.some(({ kind }) => kind === 'evaluation')).toBe(false)
  })

  test('is chosen by the loss where that is asked for', async () => {
    const run = await trainHere(await place('noise'), { ...config, selectBy: 'loss' })
    const losses = run.series('validation/loss')
    const best = losses.reduce((a, b) => (b.value < a.value ? b : a))
    const final = await readCheckpoint(join(run.folder, run.checkpoints.at(-1)!.file))
    expect(final.progress.best).toMatchObject({ step: best.step, value: best.value })
  })

  test('without a validation split there is only the last one, and its accuracy is reported', async () => {
    const run = await trainHere(await place('noise'), { ...config, validation: 0, earlyStopping: 1 })
    expect(run.checkpoints.filter(({ checkpoint }) => checkpoint === 'best')).toEqual([])
    expect(run.ended.result!.testAccuracy).toBe(run.series('test/accuracy').at(-1)!.value)
    expect(run.ended.result!.weightsHash).toBe(run.checkpoints.at(-1)!.weightsHash)
    // Early stopping has no data, so that it never stops.
    expect(run.series('train/loss')).toHaveLength(24)
  })

  test('early stopping ends the run after so many evaluations without improvement, paused or not', async () => {
    const patient = { ...config, steps: 400, earlyStopping: 3 }
    const run = await trainHere(await place('noise'), patient)
    const validation = run.series('validation/accuracy')
    const best = validation.reduce((a, b) => (b.value > a.value ? b : a))
    expect(validation.at(-1)!.step).toBe(best.step + 3 * 2)
    expect(run.ended.outcome).toBe('finished')
    const where = await place('noise')
    const stop = best.step + 3
    const paused = await trainHere(where, patient, { command: { at: stop, kind: 'stop' } })
    const resumed = await trainHere(where, patient, { resumeFrom: paused.checkpoints.at(-1)!.file, lease: 2 })
    expect(resumed.ended.result).toMatchObject({ ...run.ended.result, seconds: expect.any(Number) as number })
  })

  test('selection never reads the test set: other test images change nothing but the test figures', async () => {
    const read: string[] = []
    const run = await trainHere(await place('noise'), config)
    const blind = await trainHere(await place('no test images'), config, { onHeldOut: (part, step) => read.push(`${part} ${step}`) })
    expect(blind.ended.outcome).toBe('finished')
    expect(blind.ended.result).toMatchObject({ testAccuracy: null, testLoss: null, weightsHash: run.ended.result!.weightsHash })
    const bestOf = async ({ folder, checkpoints }: typeof run) =>
      (await readCheckpoint(join(folder, checkpoints.at(-1)!.file))).progress.best
    expect(await bestOf(blind)).toEqual(await bestOf(run))
    expect(blind.series('test/accuracy')).toEqual([])
  })
})

describe('a run that diverges', () => {
  test('never writes weights that are not finite, though the loss before them was', async () => {
    // One update makes the weights overflow; its own loss and gradient are fine.
    const config = smallConfig({ learningRate: 100, schedule: { kind: 'constant', warmup: 0 }, steps: 1 })
    const where = await place('noise')
    const begin = await trainHere(where, config, { command: { at: 1, kind: 'pause' } })
    const start = await readCheckpoint(join(begin.folder, begin.checkpoints[0]!.file))
    const kernel = start.file.tensors.get('velocity/stem/kernel')!
    kernel.data.fill(3e38)
    const poisoned = join(where.checkpointFolder, 'step-000000000-lease-9.safetensors')
    await writeSafetensors(poisoned, { ...start.file, metadata: seal(start.file.metadata, start.file.tensors) })
    const run = await trainHere(where, config, { resumeFrom: 'step-000000000-lease-9.safetensors', lease: 2 })
    expect(run.ended).toMatchObject({
      outcome: 'diverged',
      reason: expect.stringContaining('params/stem/kernel is not finite at step 1') as string,
    })
    expect(run.checkpoints.map(({ step }) => step)).not.toContain(1)
  })

  test('stops with the step, the metric and the last good checkpoint', async () => {
    const run = await trainHere(await place('noise'), smallConfig({ learningRate: 100, weightDecay: 1, momentum: 0.9, steps: 400 }))
    expect(run.ended.outcome).toBe('diverged')
    const losses = run.series('train/loss')
    const gradients = run.series('train/gradientNorm')
    const last = losses.at(-1)!
    expect(
      Number.isFinite(last.value) && Number.isFinite(gradients.at(-1)!.value) && Number.isFinite(run.series('train/total').at(-1)!.value),
    ).toBe(false)
    expect(run.ended.reason).toMatch(new RegExp(`step ${last.step}; the last checkpoint before it is at step 0\\b`))
    const { file } = await readCheckpoint(join(run.folder, run.checkpoints.at(-1)!.file))
    for (const { data } of file.tensors.values()) expect(data.every(Number.isFinite)).toBe(true)
  })
})

test('fewer images than a batch are a batch: every step takes all of them, and the log says so', async () => {
  const run = await trainHere(await place('noise'), smallConfig({ batch: 100, steps: 3, validation: 0.25, evaluateEvery: 1 }))
  expect(run.ended.outcome).toBe('finished')
  expect(run.logs).toContain('there are only 60 training images, fewer than the batch size of 100: every step uses all of them')
})
