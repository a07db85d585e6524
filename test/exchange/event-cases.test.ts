import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { hasConfiguration } from '../../src-main/contract/runs.js'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import { readEventFiles, writeEventFile } from '../../src-main/exchange/event-file.js'
import { encodeRecord } from '../../src-main/exchange/records.js'
import { temporaryFolder } from '../fixtures/home.js'
import { openSession } from '../fixtures/session.js'

/** Real-world event files, each of which was once read incorrectly. */
const EVENTS = join(import.meta.dirname, '..', 'fixtures', 'cases', 'events')

async function importedRun(path: string) {
  using home = await openSession()
  const run = await home.services.runs.importFile({ path })
  const { series } = await home.services.runs.series({ id: run.id })
  const { notes } = await home.services.runs.get({ id: run.id })
  return { run, notes, points: new Map(series.map(({ key, points }) => [key, unpackPoints(points)])) }
}

describe('event files', () => {
  it('without steps are numbered in order, and it is told', async () => {
    const { points, notes } = await importedRun(join(EVENTS, 'events.out.tfevents.1.nostep'))
    expect([...points.get('loss')!.steps]).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(points.get('loss')!.values[1]).toBe(0.5)
    expect(notes).toMatch(/^- Values without steps were numbered from 0 in file order: loss\.$/m)
  })

  it('may have steps far beyond those of a configuration', async () => {
    const { run, points } = await importedRun(join(EVENTS, 'events.out.tfevents.1.hugestep'))
    expect(points.get('loss')!.steps.at(-1)).toBe(1_700_000_029)
    expect(run).toMatchObject({ step: 1_700_000_029, totalSteps: 1_700_000_029 })
    expect(hasConfiguration(run)).toBe(false)
  })

  it('whose clock was set back have times that ascend, and it is told', async () => {
    const { run, points, notes } = await importedRun(join(EVENTS, 'events.out.tfevents.1.clockback'))
    const { times, steps } = points.get('loss')!
    expect(steps).toHaveLength(20)
    expect(times.every((time, i) => i === 0 || time >= times[i - 1]!)).toBe(true)
    expect(times.every((time) => time >= run.startedAt!)).toBe(true)
    expect(run.activeSeconds).toBeLessThan(30)
    expect(notes).toMatch(/The clock was set back during the run: the times of loss continue/)
  })

  it('of a log directory are one run as TensorBoard shows it: a restart replaces what came after its step', async () => {
    const { points, notes, run } = await importedRun(join(EVENTS, 'logdir'))
    const { steps, values } = points.get('loss')!
    expect([...steps]).toEqual(Array.from({ length: 150 }, (_, i) => i))
    expect([values[49]! > 0, values[50]!]).toEqual([true, -50])
    expect(run.name).toBe('logdir')
    expect(notes).toMatch(/^- 50 scalars were replaced by later ones/m)
    expect(notes).toMatch(/^- 2 files were read as one run, in the order of their names: events\.out\.tfevents\.1\.a, events/m)
  })

  it('of several runs in one directory are asked about, and none is a sentence', async () => {
    using folder = temporaryFolder()
    using home = await openSession()
    await expect(home.services.runs.importFile({ path: folder.path })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: /contains no event files/,
    })
    for (const name of ['a', 'b']) cpSync(join(EVENTS, 'logdir'), join(folder.path, name), { recursive: true })
    await expect(home.services.runs.importFile({ path: folder.path })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: /contains 2 runs\. Give the folder/,
    })
    expect((await home.services.runs.list()).runs).toEqual([])
    expect((await home.services.runs.importFile({ path: join(folder.path, 'a') })).totalSteps).toBe(149)
  })

  it('keep scalars under long tags apart, and say how these were cut', async () => {
    using folder = temporaryFolder()
    mkdirSync(folder.path, { recursive: true })
    const path = join(folder.path, 'events.out.tfevents.1')
    const points = (value: number) => ({
      steps: Float64Array.of(1, 2),
      values: Float64Array.of(value, value),
      times: Float64Array.of(1e12, 2e12),
    })
    const long = 'x'.repeat(300)
    await writeEventFile(
      path,
      [`${long}a`, `${long}b`, 'short'].map((key, i) => ({ key, points: points(i) })),
    )
    const { series, assumptions } = await readEventFiles([path])
    expect(series.map(({ points: { values } }) => values[0])).toEqual([0, 1, 2])
    expect(new Set(series.map(({ key }) => key)).size).toBe(3)
    for (const { key } of series) expect(key.length).toBeLessThanOrEqual(200)
    expect(assumptions).toEqual([expect.stringMatching(/^Tags of more than 200 characters were shortened: x+…/)])
  })

  it('whose times are none keep their scalars, and it is told', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'events.out.tfevents.1')
    const times = [1e12, NaN, Infinity, -5, 1e300, 2e12]
    const steps = Float64Array.from(times, (_, i) => i + 1)
    await writeEventFile(path, [{ key: 'loss', points: { steps, values: steps, times: Float64Array.from(times) } }])
    const { run, points, notes } = await importedRun(path)
    expect([...points.get('loss')!.values]).toEqual([1, 2, 3, 4, 5, 6])
    expect([...points.get('loss')!.times]).toEqual([1e12, 1e12, 1e12, 1e12, 1e12, 2e12])
    expect(run.activeSeconds).toBe(1e9)
    expect(notes).toMatch(/^- 4 scalars of loss have an invalid time .* were given that of the previous scalar\.$/m)
  })

  it('under tags that every object of JavaScript has are kept under others', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'events.out.tfevents.1')
    const one = { steps: Float64Array.of(1, 2), values: Float64Array.of(3, 4), times: Float64Array.of(1e12, 2e12) }
    await writeEventFile(path, ['__proto__', 'constructor', 'loss'].map((key) => ({ key, points: one }))) // prettier-ignore
    const { points, notes, run } = await importedRun(path)
    expect([...points.keys()].sort()).toEqual(['loss', 'tag __proto__', 'tag constructor'])
    expect(run.latest).toEqual({ loss: 4, 'tag __proto__': 4, 'tag constructor': 4 })
    expect(notes).toContain('__proto__ is tag __proto__, constructor is tag constructor')
  })

  it('are read without keeping others from being answered', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'events.out.tfevents.1')
    const steps = Float64Array.from({ length: 200_000 }, (_, i) => i + 1)
    await writeEventFile(path, [{ key: 'loss', points: { steps, values: steps, times: steps } }])
    let turns = 0
    const timer = setInterval(() => turns++, 5)
    const began = performance.now()
    await readEventFiles([path])
    clearInterval(timer)
    expect(turns).toBeGreaterThan((performance.now() - began) / 100)
  })

  it('that were cut off, hold graphs, or tensors that are no scalars, say what was left out', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'events.out.tfevents.1')
    const { root } = protobuf.parse(`syntax = "proto3";
      message Dim { int64 size = 1; } message Shape { repeated Dim dim = 2; }
      message Tensor { int32 dtype = 1; Shape tensor_shape = 2; repeated float float_val = 5 [packed = true]; }
      message Value { string tag = 1; float simple_value = 2; Tensor tensor = 8; }
      message Summary { repeated Value value = 1; }
      message Event { double wall_time = 1; int64 step = 2; bytes graph_def = 4; Summary summary = 5; }`)
    const Event = root.lookupType('Event')
    const record = (event: object): Buffer => encodeRecord(Event.encode(Event.fromObject({ wallTime: 1e9, ...event })).finish())
    const loss = (step: number): Buffer => record({ step, summary: { value: [{ tag: 'loss', simpleValue: step }] } })
    // Ten equal values, stored as one.
    const tensor = { dtype: 1, tensorShape: { dim: [{ size: 10 }] }, floatVal: [7] }
    const last = loss(3)
    const all = [loss(1), record({ graphDef: 'AAAA' }), record({ step: 1, summary: { value: [{ tag: 'weights', tensor }] } }), loss(2)]
    writeFileSync(path, Buffer.concat([...all, last.subarray(0, last.length - 5)]))
    const { points, notes } = await importedRun(path)
    expect([...points.keys()]).toEqual(['loss'])
    expect([...points.get('loss')!.steps]).toEqual([1, 2])
    expect(notes.split('\n').slice(1)).toEqual([
      `- The last record was skipped because it is truncated, as after a kill: ${last.length - 5} bytes of events.out.tfevents.1.`,
      '- Events without values were skipped: 1 of graphs.',
      '- 1 values were skipped because they are not scalars (images, histograms, texts) or have no tag: weights.',
    ])
  })

  it('whose path cannot be one is a sentence', async () => {
    using home = await openSession()
    await expect(
      home.opened.features.ports.exchange.read(`/${'x'.repeat(5000)}`, AbortSignal.timeout(10_000), async () => undefined),
    ).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: /is too long/,
    })
    await expect(home.services.runs.importFile({ path: '/nowhere/events' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
