import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import { LOGGED, type RunSummary } from '../../src-main/contract/runs.js'
import { openSession, type Session } from '../fixtures/session.js'
import { temporaryFolder } from '../hosts/temporary.js'

let session: Session
let folder: string
beforeEach(async () => {
  session = await openSession()
  onTestFinished(() => session[Symbol.dispose]())
  folder = join(session.files.datasetFolder('any'), '../../log')
  mkdirSync(folder, { recursive: true })
})

const HEAD = { retrace: 1, name: 'RevNet of memcnn', config: { depth: 38, h: 0.5, seed: 3, library: 'memcnn' }, tags: ['memcnn'], dataset: 'cifar10', steps: 100, time: 1000 } // prettier-ignore
const text = (...lines: object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')
const values = (step: number, loss: number | string, more: object = {}) => ({ step, values: { 'train/loss': loss }, time: 1000 + step, ...more }) // prettier-ignore
const write = (name: string, ...lines: object[]): void => appendFileSync(join(folder, name), text(...lines))
const scan = (): void => session.clock.advance(2000)
async function only(): Promise<RunSummary> {
  const { runs } = await session.services.runs.list()
  expect(runs).toHaveLength(1)
  return runs[0]!
}
async function pointsOf(id: string, key = 'train/loss') {
  const { series } = await session.services.runs.series({ id, keys: [key] })
  const { steps, values: numbers, times } = unpackPoints(series[0]!.points)
  return { steps: [...steps], values: [...numbers], times: [...times] }
}
const alerts = async () => (await session.services.alerts.list()).alerts.map(({ message }) => message)

describe('a file into which another program logs', () => {
  it('is a run beside the others, with its configuration, values by step, messages and its end', async () => {
    write('one.jsonl', HEAD, values(1, 2.5), values(2, 'NaN', { values: { 'train/loss': 'NaN', 'test/accuracy': 0.25 } }), { message: 'half way', level: 'warn', time: 1002 }) // prettier-ignore
    scan()
    const run = await only()
    expect(run).toMatchObject({ name: HEAD.name, preset: LOGGED, dataset: 'cifar10', status: 'running', step: 2, totalSteps: 100, tags: ['memcnn'], startedAt: 1_000_000, activeSeconds: 2 }) // prettier-ignore
    expect(run.latest).toEqual({ 'train/loss': NaN, 'test/accuracy': 0.25 })
    expect(await pointsOf(run.id)).toEqual({ steps: [1, 2], values: [2.5, NaN], times: [1_001_000, 1_002_000] })
    const { environment } = await session.services.runs.get({ id: run.id })
    expect(environment.logged).toEqual(HEAD.config)
    const { entries } = await session.services.runs.log({ id: run.id, limit: 10 })
    expect(entries).toMatchObject([{ level: 'warn', message: 'half way', at: 1_002_000 }])

    write('one.jsonl', values(3, 1), { end: 'finished', testAccuracy: 0.75, images: 10_000, time: 1050 })
    scan()
    const ended = await only()
    expect(ended).toMatchObject({ status: 'finished', endedAt: 1_050_000, activeSeconds: 50, reported: { step: 3, images: 10_000, values: { 'test/accuracy': 0.75 } } }) // prettier-ignore
    const { columns } = await session.services.runs.configs({})
    const table = JSON.parse(columns) as { columns: { key: string; values: unknown[] }[] }
    expect(Object.fromEntries(table.columns.map(({ key, values: [value] }) => [key, value]))).toEqual(HEAD.config)
    expect(session.faults).toEqual([])
  })

  it('has no end to its progress where the program does not say how long it is, until it has finished', async () => {
    write('one.jsonl', { ...HEAD, steps: undefined }, values(7, 2))
    scan()
    expect(await only()).toMatchObject({ step: 7, totalSteps: 0 })
    write('one.jsonl', { end: 'finished' })
    scan()
    expect(await only()).toMatchObject({ status: 'finished', step: 7, totalSteps: 7 })
  })

  it('may end in the middle of a line, and is read on from where it was after a restart', async () => {
    write('one.jsonl', HEAD, values(1, 3))
    appendFileSync(join(folder, 'one.jsonl'), '{"step":2,"val')
    scan()
    const { id } = await only()
    expect((await pointsOf(id)).steps).toEqual([1])
    await session.crash()
    expect(await only()).toMatchObject({ id, status: 'interrupted', reason: expect.stringMatching(/continues when it logs again/) })
    appendFileSync(join(folder, 'one.jsonl'), 'ues":{"train/loss":1.5}}\n')
    write('one.jsonl', values(3, 1))
    scan()
    expect(await only()).toMatchObject({ id, status: 'running', reason: null, step: 3 })
    expect((await pointsOf(id)).values).toEqual([3, 1.5, 1])
    expect(await alerts()).toEqual([expect.stringMatching(/ended unexpectedly last time: the database/)])
  })

  it.each([
    [
      '{"step":2,"values":{"train/loss":NaN}}',
      /^log\/one\.jsonl, line 3, is not JSON .*write them as text, such as "NaN"\. Correct or delete the line/,
    ],
    ['{"step":-1,"values":{"train/loss":1}}', /line 3, has a wrong step: /],
    ['{"step":2,"values":{"constructor":1}}', /line 3, has a wrong values/],
    ['{"step":2}', /line 3, has neither "values" nor "message" nor "end"/],
    ['[1]', /line 3, is not a JSON object/],
    [`{"message":"${'x'.repeat(2 ** 20)}"}`, /line 3, has more than 1048576 bytes/],
    ['\u00ff', /line 3, is not UTF-8/],
  ])('with a line such as %.40s is left at it, says line and remedy once, and goes on once it is corrected', async (line, message) => {
    const file = join(folder, 'one.jsonl')
    const [before, after] = [text(HEAD, values(1, 3)), text(values(5, 1))]
    writeFileSync(file, Buffer.concat([Buffer.from(before), Buffer.from(`${line}\n`, 'latin1'), Buffer.from(after)]))
    for (let times = 0; times < 3; times++) scan()
    expect(await alerts()).toEqual([expect.stringMatching(message)])
    expect(await only()).toMatchObject({ status: 'interrupted', reason: expect.stringMatching(message), step: 1 })
    // A restart does not report it again.
    await session.crash()
    scan()
    expect((await alerts()).filter((text) => text.startsWith('log/'))).toHaveLength(1)
    writeFileSync(file, before + after)
    scan()
    expect(await only()).toMatchObject({ status: 'running', step: 5 })
  })

  it('that is no log says so, and one that follows its end', async () => {
    write('other.jsonl', { name: 'x' })
    scan()
    expect(await alerts()).toEqual([expect.stringMatching(/^log\/other\.jsonl, line 1, does not begin a log: .*"retrace": 1/)])
    write('one.jsonl', HEAD, { end: 'stopped' }, values(1, 1))
    scan()
    expect(await only()).toMatchObject({ status: 'stopped' })
    expect((await alerts())[0]).toMatch(/^log\/one\.jsonl, line 3, follows the end of the run\./)
  })

  it('that is replaced by another log is another run, and one whose run was removed makes none', async () => {
    write('one.jsonl', HEAD, values(1, 1))
    scan()
    const first = await only()
    writeFileSync(join(folder, 'one.jsonl'), text({ ...HEAD, name: 'the second' }, values(1, 1), values(2, 1)))
    scan()
    const { runs } = await session.services.runs.list()
    expect(runs.map(({ name }) => name)).toEqual(['the second', HEAD.name])
    await session.services.runs.remove({ id: first.id })
    await session.services.runs.remove({ id: runs[0]!.id })
    write('one.jsonl', values(3, 1))
    scan()
    expect((await session.services.runs.list()).runs).toEqual([])
    await session.services.runs.restore({ id: runs[0]!.id })
    write('one.jsonl', values(4, 1))
    scan()
    expect(await only()).toMatchObject({ name: 'the second', step: 4 })
  })

  it('is read in pieces when it is long', async () => {
    const many = Array.from({ length: 60_000 }, (_, at) => values(at + 1, 1 / (at + 1)))
    write('one.jsonl', HEAD, ...many)
    for (let turn = 0; turn < 6; turn++) session.clock.advance(turn === 0 ? 2000 : 0)
    const { id, step } = await only()
    expect(step).toBe(60_000)
    expect((await pointsOf(id)).values.at(-1)).toBe(1 / 60_000)
  })
})

describe('a run that another program logs by calls', () => {
  it('takes values in any order of keys once, says what it leaves out, and ends once', async () => {
    const { logging, runs } = session.services
    const { id } = await logging.begin({ name: 'by calls', config: { lr: 0.1 } })
    const parts = [
      { step: 1, values: { 'train/loss': 2 } },
      { message: 'begun' },
      { step: 2, values: { 'train/loss': 'Infinity' as const } },
    ]
    expect(await logging.add({ id, parts })).toEqual({ ignored: 0 })
    // Like after a connection that was lost before the answer arrived.
    expect(await logging.add({ id, parts: parts.filter((part) => 'step' in part) })).toEqual({ ignored: 2 })
    expect((await pointsOf(id)).values).toEqual([2, Infinity])
    await logging.end({ id, end: 'failed', reason: 'Out of memory.' })
    expect(await runs.get({ id })).toMatchObject({ status: 'failed', reason: 'Out of memory.', step: 2 })
    expect(await alerts()).toEqual(['by calls failed: Out of memory.'])
    await expect(logging.add({ id, parts })).rejects.toThrow(/has ended \(failed\) and takes no more values/)
    await expect(logging.end({ id, end: 'finished' })).rejects.toThrow(/has ended/)
    await expect(logging.begin({ name: 'x', config: { constructor: 1 } })).rejects.toThrow(/reserved name/)
  })

  it('cannot be trained or looked into, and one sentence says why; it can be removed while it is logged', async () => {
    const { logging, runs, lab } = session.services
    const { id } = await logging.begin({ name: 'theirs' })
    const why = /^theirs was logged by another program: Retrace has neither its network nor its weights/
    await logging.add({ id, parts: [{ step: 1, values: { a: 1 } }] })
    for (const refused of [runs.pause, runs.stop, runs.resume, runs.retry, runs.again, runs.fork, runs.evaluate] as ((of: {
      id: string
    }) => Promise<unknown>)[])
      // prettier-ignore
      await expect(refused({ id })).rejects.toThrow(why)
    await expect(runs.resume({ id, step: 0 })).rejects.toThrow(why)
    await expect(runs.exportWeights({ id, path: join(temporaryFolder(), 'a.safetensors') })).rejects.toThrow(why)
    await expect(lab.look({ target: { kind: 'run', id }, setting: { instrument: 'flow' } })).rejects.toThrow(why)
    await runs.remove({ id })
    await expect(logging.add({ id, parts: [{ step: 2, values: { a: 1 } }] })).rejects.toThrow(/There is no run/)
    // A run of Retrace does not accept values from others.
    const { id: own } = await runs.create({ preset: 'small', dataset: 'digits' })
    await expect(logging.add({ id: own, parts: [{ step: 2, values: { a: 1 } }] })).rejects.toThrow(
      /There is no run .* logged by another program/,
    )
  })

  it('is interrupted after ten silent minutes, and goes on at the next value', async () => {
    const { logging, runs } = session.services
    const { id } = await logging.begin({ name: 'silent' })
    for (let minute = 0; minute < 9; minute++) session.clock.advance(60_000)
    expect(await runs.get({ id })).toMatchObject({ status: 'running' })
    session.clock.advance(60_000)
    expect(await runs.get({ id })).toMatchObject({ status: 'interrupted', reason: expect.stringMatching(/silent for 10 minutes/) })
    await logging.add({ id, parts: [{ step: 1, values: { a: 1 } }] })
    expect(await runs.get({ id })).toMatchObject({ status: 'running', reason: null, endedAt: null })
  })

  it('travels as an archive with its configuration', async () => {
    const { logging, runs } = session.services
    const { id } = await logging.begin({ name: 'travels', config: { lr: 0.1 }, notes: '# By hand\nmore' })
    await logging.add({ id, parts: [{ step: 1, values: { a: 1 } }] })
    await logging.end({ id, end: 'finished', testAccuracy: 0.5 })
    const path = join(temporaryFolder(), 'run.tar.gz')
    await runs.exportFile({ id, path, format: 'archive' })
    const copy = await runs.importFile({ path })
    const [before, after] = [await runs.get({ id }), await runs.get({ id: copy.id })]
    expect(after).toMatchObject({ preset: LOGGED, status: 'finished', note: 'By hand', notes: before.notes, reported: before.reported })
    expect(after.environment.logged).toEqual({ lr: 0.1 })
  })
})
