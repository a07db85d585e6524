import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/contract/errors.js'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import { encodeRecord } from '../../src-main/exchange/records.js'
import { readMlflowRun } from '../../src-main/exchange/mlflow-run.js'
import { readWandbLog } from '../../src-main/exchange/wandb-log.js'
import { readWandbRun } from '../../src-main/exchange/wandb-run.js'
import { temporaryFolder } from '../fixtures/home.js'
import { openSession } from '../fixtures/session.js'

/** Written by wandb 0.31.0 in offline mode and by mlflow-skinny 3.17.2 with its file store, without names of the machine. */
const TRACKERS = join(import.meta.dirname, '..', 'fixtures', 'trackers')
const WANDB = join(TRACKERS, 'wandb', 'offline-run-20261128_142223-6mrw2353', 'run-6mrw2353.wandb')
const MLFLOW = join(TRACKERS, 'mlruns')

async function imported(path: string) {
  const home = await openSession()
  const { runs, refused } = await home.services.runs.importFolder({ path })
  const of = async (name: string) => {
    const { id } = runs.find((run) => run.name === name)!
    const { series } = await home.services.runs.series({ id })
    return { detail: await home.services.runs.get({ id }), points: new Map(series.map(({ key, points }) => [key, unpackPoints(points)])) }
  }
  return { home, runs, refused, of, [Symbol.dispose]: () => home[Symbol.dispose]() }
}

/** Records in the blocks of a W&B file. */
function wandbLog(records: readonly Uint8Array[]): Buffer {
  const out: Buffer[] = [Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00])]
  let at = 7
  for (const record of records) {
    let rest = Buffer.from(record)
    let first = true
    do {
      const room = 32_768 - (at % 32_768)
      if (room < 7) {
        out.push(Buffer.alloc(room))
        at += room
        continue
      }
      const part = rest.subarray(0, room - 7)
      rest = rest.subarray(part.length)
      const kind = first ? (rest.length === 0 ? 1 : 2) : rest.length === 0 ? 4 : 3
      const head = Buffer.alloc(7)
      head.writeUInt32LE(crc32(Buffer.concat([Buffer.from([kind]), part])), 0)
      head.writeUInt16LE(part.length, 4)
      head[6] = kind
      out.push(head, part)
      at += 7 + part.length
      first = false
      if (rest.length === 0) break
    } while (true)
  }
  return Buffer.concat(out)
}

const everything = async (path: string, onCut: () => void = () => undefined): Promise<Buffer[]> => {
  const all: Buffer[] = []
  for await (const content of readWandbLog(path, onCut)) all.push(Buffer.from(content))
  return all
}

describe('a run of W&B', () => {
  it('has its scalars, configuration, tags, notes and times', async () => {
    using all = await imported(join(TRACKERS, 'wandb'))
    const { detail, points } = await all.of('revnet')
    expect(all.refused).toEqual([])
    expect(detail).toMatchObject({
      status: 'finished',
      seed: 3,
      step: 200,
      tags: ['wandb', 'baseline', 'cifar'],
      preset: 'logged elsewhere',
    })
    expect(detail.environment.logged).toEqual({ lr: 0.1, seed: 3, 'net.units': '3, 3, 3', 'net.arch': 'revnet', flip: true })
    expect([...points.keys()].sort()).toEqual(['final', 'test.accuracy', 'train/loss'])
    const { steps, values, times } = points.get('train/loss')!
    expect([...steps]).toEqual([...Array.from({ length: 20 }, (_, i) => 10 * i), 200])
    expect([values[1], values[20]]).toEqual([1.15, NaN])
    expect(times[0]).toBeCloseTo(1_795_875_744_737.3, 0)
    expect(detail.startedAt).toBeCloseTo(1_795_875_743_491.465, 2)
    expect(points.get('final')!.values).toEqual(Float64Array.of(0.5))
    expect(detail.notes).toMatch(
      /^Imported from W&B: revnet\.\n- Values that are no scalars .* skipped: text\.\n\nA RevNet, for comparison\.$/,
    )
  })

  it('is read to where its file was cut, and refused where it is damaged', async () => {
    using folder = temporaryFolder()
    mkdirSync(folder.path, { recursive: true })
    const path = join(folder.path, 'run-1.wandb')
    const whole = readFileSync(WANDB)
    writeFileSync(path, whole.subarray(0, whole.length - 20))
    const { detail } = await readWandbRun(path)
    expect(detail).toMatchObject({ status: 'interrupted', reason: 'Its file of W&B has no end.' })
    expect(detail.notes).toMatch(/The end of the file was skipped because it is truncated/)
    const damaged = Buffer.from(whole)
    damaged[3000]! ^= 1
    writeFileSync(path, damaged)
    await expect(readWandbRun(path)).rejects.toMatchObject({ code: 'BAD_INPUT', message: /wrong check sum at byte \d+/ })
    writeFileSync(path, 'not a run')
    await expect(readWandbRun(path)).rejects.toMatchObject({ code: 'BAD_INPUT', message: /is not a run of W&B/ })
    await expect(readWandbRun(WANDB, { series: 2, points: 100 })).rejects.toThrow(/more than 2 metrics/)
    await expect(readWandbRun(WANDB, { series: 9, points: 30 })).rejects.toThrow(/more than 30 scalars/)
  })

  it('comes back whatever its records are, across blocks too', async () => {
    using folder = temporaryFolder()
    mkdirSync(folder.path, { recursive: true })
    const path = join(folder.path, 'x.wandb')
    const size = fc.oneof(fc.nat(50), fc.constantFrom(32_747, 32_754, 32_761, 70_000))
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 6 }), async (sizes) => {
        const records = sizes.map((length, i) => Buffer.alloc(length, i + 1))
        writeFileSync(path, wandbLog(records))
        expect(await everything(path)).toEqual(records)
      }),
      { numRuns: 40 },
    )
  })

  it('never fails but in a sentence, whatever bytes are changed', async () => {
    using folder = temporaryFolder()
    mkdirSync(folder.path, { recursive: true })
    const path = join(folder.path, 'x.wandb')
    const whole = readFileSync(WANDB)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(whole.length),
        async (changes, length) => {
          const bytes = Buffer.from(whole)
          for (const [at, value] of changes) bytes[at] = value
          writeFileSync(path, bytes.subarray(0, length))
          await readWandbRun(path).catch((error: unknown) => expect(error).toBeInstanceOf(UserError))
          // The same in records with correct checksums.
          writeFileSync(path, wandbLog([bytes.subarray(14, 14 + (length % 600))]))
          await readWandbRun(path).catch((error: unknown) => expect(error).toBeInstanceOf(UserError))
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('runs of MLflow', () => {
  it('are all imported, with metrics, parameters, tags, notes, states and times', async () => {
    using all = await imported(MLFLOW)
    expect(all.runs.map(({ name, status }) => [name, status]).sort()).toEqual([
      ['killed', 'failed'],
      ["revnet: it's one", 'finished'],
    ])
    const { detail, points } = await all.of("revnet: it's one")
    expect(detail).toMatchObject({
      seed: 3,
      step: 90,
      startedAt: 1_795_875_790_792,
      endedAt: 1_795_875_790_883,
      tags: ['mlflow', 'kind=baseline'],
    })
    expect(detail.environment.logged).toEqual({ lr: 0.1, seed: 3, arch: 'revnet' })
    expect(detail.notes).toMatch(/A RevNet\.$/)
    expect([...points.get('train/loss')!.steps]).toEqual(Array.from({ length: 10 }, (_, i) => 10 * i))
    expect(points.get('test/accuracy')!.values).toEqual(Float64Array.of(NaN))
  })

  it('leave out what was deleted, sort steps, keep the last of a step, and tell of lines without a number', async () => {
    using folder = temporaryFolder()
    const run = join(folder.path, '1', 'abc')
    const write = (path: string, text: string): void => {
      mkdirSync(join(run, path, '..'), { recursive: true })
      writeFileSync(join(run, path), text)
    }
    write('meta.yaml', 'run_id: abc\nstatus: 1\nlifecycle_stage: active\n')
    write('metrics/loss', '1000 3 2\n1000 1 1\n2000 2 2\nnonsense\n3000 inf 3 name digest abc\n')
    write('metrics/nested/rate', '5 0.1\n6 0.2\n')
    const { detail, series } = await readMlflowRun(run)
    const points = new Map(await Promise.all(series.map(async ({ key, read }) => [key, await read()] as const)))
    expect(points.get('loss')).toMatchObject({ steps: Float64Array.of(1, 2, 3), values: Float64Array.of(1, 2, Infinity) })
    expect([...points.get('nested/rate')!.steps]).toEqual([0, 1])
    expect(detail).toMatchObject({ name: 'abc', status: 'interrupted' })
    expect(detail.notes).toMatch(
      /one step the last was kept; 1 others[\s\S]*numbered from 0[^\n]*nested\/rate[\s\S]*no number were skipped in loss/,
    )
    write('meta.yaml', 'run_id: abc\nstatus: 3\nlifecycle_stage: deleted\n')
    using home = await openSession()
    await expect(home.services.runs.importFolder({ path: folder.path })).rejects.toThrow(/contains no run/)
    write('metrics/loss', '1 1 -3\n')
    await expect(readMlflowRun(run)).rejects.toThrow(/at step -3/)
  })
})

describe('a folder of runs', () => {
  it('is imported as a whole: what cannot be read is named and hinders no other', async () => {
    using folder = temporaryFolder()
    mkdirSync(folder.path, { recursive: true })
    cpSync(TRACKERS, folder.path, { recursive: true })
    cpSync(join(import.meta.dirname, '..', 'fixtures', 'cases', 'events', 'logdir'), join(folder.path, 'board', 'a'), { recursive: true })
    mkdirSync(join(folder.path, 'broken'))
    writeFileSync(join(folder.path, 'broken', 'run-x.wandb'), 'none')
    using all = await imported(folder.path)
    expect(all.runs.map(({ name }) => name).sort()).toEqual(['board/a', 'killed', "revnet: it's one", 'revnet'].sort())
    expect(all.refused).toEqual([{ path: join(folder.path, 'broken'), message: expect.stringMatching(/is not a run of W&B/) as string }])
  })

  it('has the hyperparameters that event files keep for TensorBoard', async () => {
    using folder = temporaryFolder()
    mkdirSync(folder.path, { recursive: true })
    const { root } = protobuf.parse(`
      syntax = "proto3";
      message V { oneof kind { double number_value = 2; string string_value = 3; bool bool_value = 4; } }
      message S { map<string, V> hparams = 1; }
      message P { int32 version = 1; S session_start_info = 3; }
      message PD { string plugin_name = 1; bytes content = 2; }
      message M { PD plugin_data = 1; }
      message Va { string tag = 1; float simple_value = 2; M metadata = 9; }
      message Su { repeated Va value = 1; }
      message E { double wall_time = 1; int64 step = 2; Su summary = 5; }`)
    const encode = (type: string, value: object): Uint8Array =>
      root.lookupType(type).encode(root.lookupType(type).fromObject(value)).finish()
    const content = encode('P', {
      sessionStartInfo: { hparams: { lr: { numberValue: 0.1 }, arch: { stringValue: 'revnet' }, flip: { boolValue: true } } },
    })
    const events = [
      {
        wallTime: 1,
        summary: { value: [{ tag: '_hparams_/session_start_info', metadata: { pluginData: { pluginName: 'hparams', content } } }] },
      },
      { wallTime: 2, step: 1, summary: { value: [{ tag: 'loss', simpleValue: 2 }] } },
    ]
    writeFileSync(join(folder.path, 'events.out.tfevents.1'), Buffer.concat(events.map((event) => encodeRecord(encode('E', event)))))
    using all = await imported(folder.path)
    const [run] = all.runs
    const { detail } = await all.of(run!.name)
    expect(detail.environment.logged).toEqual({ lr: 0.1, arch: 'revnet', flip: true })
    expect(detail.tags).toEqual(['tensorboard'])
  })
})
