import { TRPCClientError } from '@trpc/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Change } from '../../src-main/contract/changes.js'
import { isUserError, UserError } from '../../src-main/contract/errors.js'
import type { AppRouter } from '../../src-main/features/router.js'
import { MAX_SUBSCRIPTIONS } from '../../src-main/contract/subscriptions.js'
import { MAX_BATCH, MAX_MESSAGE_BYTES } from '../../src-main/transport/channel-server.js'
import { pairs, PlayedHome } from '../fixtures/played-home.js'
import { HARNESSES, type Session } from './harnesses.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }
const log = (id: number): Change => ({
  kind: 'task',
  task: { id: String(id), kind: 'dataset', title: 'n', state: 'running', progress: null, message: '' },
})
const number = (change: Change): number => (change.kind === 'task' ? Number(change.task.id) : Number.NaN)
const upTo = (n: number): number[] => Array.from({ length: n }, (_, at) => at + 1)

const failure = async (call: Promise<unknown>): Promise<TRPCClientError<AppRouter>> => {
  const error = await call.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (!(error instanceof TRPCClientError)) throw new Error(`expected a TRPCClientError, got ${String(error)}`)
  return error
}

describe.each(HARNESSES)('the router over $name', ({ start }) => {
  let services: PlayedHome
  let session: Session
  let defects: Error[]
  /** Number of the last change that the home made before the test. */
  let before: number

  beforeEach(async () => {
    services = await PlayedHome.open()
    before = services.seq
    defects = []
    session = await start(services.api, (error) => defects.push(error))
  })
  afterEach(async () => {
    await session.close()
    services.close()
    expect(defects).toEqual([])
  })

  /** Collects changes until told to stop. */
  function listen(lastEventId: number | null, detailOf: string[] = []) {
    const seen: { seq: number; change: Change }[] = []
    const errors: unknown[] = []
    const subscription = session.client.changes.subscribe(
      { lastEventId, detailOf },
      {
        onData: ({ id, data }) => seen.push({ seq: Number(id), change: data as Change }),
        onError: (error) => errors.push(error),
      },
    )
    return { seen, errors, stop: () => subscription.unsubscribe() }
  }

  it('answers queries and mutations', async () => {
    expect((await session.client.system.info.query()).home).toContain('retrace')
    const run = await session.client.runs.create.mutate({ ...REQUEST, name: 'first', overrides: { seed: 7 } })
    expect(run).toMatchObject({ name: 'first', status: 'running', seed: 7 })
    expect((await session.client.runs.list.query()).runs).toEqual([run])
    expect((await session.client.runs.get.query({ id: run.id })).config.batch).toBe(100)
  })

  it('answers many calls at once, each with its own answer', async () => {
    const names = upTo(60).map((n) => `run ${n}`)
    const runs = await Promise.all(names.map((name) => session.client.runs.create.mutate({ ...REQUEST, name })))
    expect(runs.map(({ name }) => name)).toEqual(names)
    expect(new Set(runs.map(({ id }) => id)).size).toBe(60)
  })

  it("gives the user's errors with code and message", async () => {
    const error = await failure(session.client.runs.get.query({ id: 'missing1' }))
    expect(error.message).toBe('There is no run missing1. The runs table shows the ids.')
    expect(error.data).toMatchObject({ code: 'NOT_FOUND', userCode: 'NOT_FOUND' })
    const bad = await failure(session.client.runs.create.mutate({ ...REQUEST, preset: 'nope' }))
    expect(bad.data).toMatchObject({ code: 'BAD_REQUEST', userCode: 'BAD_INPUT' })
  })

  it('refuses input that does not fit the schema, naming the field', async () => {
    const error = await failure(session.client.runs.create.mutate({ ...REQUEST, overrides: { batch: -1 } }))
    expect(error.data?.code).toBe('BAD_REQUEST')
    expect(error.message).toMatch(/^Invalid request: overrides\.batch: /)
    expect(services.seq).toBe(before)
  })

  it('keeps NaN, infinities and absent values', async () => {
    const { id } = await session.client.runs.create.mutate(REQUEST)
    services.addPoints(id, 'train/loss', [
      { step: 1, value: Number.NaN },
      { step: 2, value: Number.POSITIVE_INFINITY },
      { step: 3, value: Number.NEGATIVE_INFINITY },
      { step: 4, value: -0 },
      { step: 5, value: 0.1 },
    ])
    const { series } = await session.client.runs.series.query({ id })
    expect(pairs(series[0]!).map(([, value]) => value)).toEqual([NaN, Infinity, -Infinity, -0, 0.1])

    const latest = { a: Number.NaN, b: Number.NEGATIVE_INFINITY }
    const { runs } = await session.client.runs.list.query()
    const changes = listen(services.seq)
    await vi.waitFor(() => expect(services.subscribers).toBe(1))
    services.publish({ kind: 'run', run: { ...runs[0]!, latest } })
    await vi.waitFor(() => expect(changes.seen).toHaveLength(1))
    expect(changes.seen[0]!.change).toMatchObject({ run: { latest } })
    changes.stop()
  })

  it('replays what follows a sequence number, then goes on, in order', async () => {
    for (const n of upTo(50)) services.publish(log(n))
    const changes = listen(before + 20)
    await vi.waitFor(() => expect(changes.seen).toHaveLength(30))
    for (const n of upTo(50)) services.publish(log(50 + n))
    await vi.waitFor(() => expect(changes.seen).toHaveLength(80))
    expect(changes.seen.map(({ seq }) => seq - before)).toEqual(upTo(100).slice(20))
    expect(changes.seen.map(({ change }) => number(change))).toEqual(upTo(100).slice(20))
    changes.stop()
  })

  it('sends only what is new to a client that names no sequence number', async () => {
    services.publish(log(1))
    const changes = listen(null)
    await vi.waitFor(() => expect(services.subscribers).toBe(1))
    services.publish(log(2))
    await vi.waitFor(() => expect(changes.seen.map(({ seq }) => seq)).toEqual([before + 2]))
    changes.stop()
  })

  it('carries 20,000 changes without a gap', async () => {
    const changes = listen(before)
    for (let from = 0; from < 20_000; from += 100) services.publish(...upTo(100).map((n) => log(from + n)))
    await vi.waitFor(() => expect(changes.seen).toHaveLength(20_000), { timeout: 30_000, interval: 50 })
    expect(changes.seen.map(({ change }) => number(change))).toEqual(upTo(20_000))
    changes.stop()
  })

  it('ends the stream on the server when the client stops listening', async () => {
    const first = listen(before)
    const second = listen(before)
    await vi.waitFor(() => expect(services.subscribers).toBe(2))
    first.stop()
    await vi.waitFor(() => expect(services.subscribers).toBe(1))
    services.publish(log(1))
    await vi.waitFor(() => expect(second.seen).toHaveLength(1))
    expect(first.seen).toEqual([])
    second.stop()
    await vi.waitFor(() => expect(services.subscribers).toBe(0))
  })

  it('reports a defect to the host, and hides its stack from the client', async () => {
    services.features.ports.system = () => Promise.reject(new TypeError('a defect'))
    const error = await failure(session.client.system.info.query())
    expect(error.data?.code).toBe('INTERNAL_SERVER_ERROR')
    expect(JSON.stringify(error.data)).not.toContain('.ts:')
    if (session.raw) expect(defects.splice(0).map(({ message }) => message)).toEqual(['a defect'])
  })

  it('does not report errors of the user as defects', async () => {
    services.features.ports.system = () => Promise.reject(new UserError('DISK', 'The disk is full: make room.'))
    const error = await failure(session.client.system.info.query())
    expect(isUserError(error)).toBe(false)
    expect(error.data).toMatchObject({ code: 'PRECONDITION_FAILED', userCode: 'DISK' })
  })
})

describe.each(HARNESSES.filter(({ name }) => name !== 'in memory'))('a connection over $name', ({ start }) => {
  let services: PlayedHome
  let session: Required<Session>
  let defects: Error[]
  /** Number of the last change that the home made before the test. */
  let before: number

  beforeEach(async () => {
    services = await PlayedHome.open()
    before = services.seq
    defects = []
    session = (await start(services.api, (error) => defects.push(error))) as Required<Session>
  })
  afterEach(async () => {
    await session.close()
    services.close()
    expect(defects).toEqual([])
  })

  it('comes back after losses and goes on without a gap or a doubled change', async () => {
    const seen: number[] = []
    const subscription = session.client.changes.subscribe(
      { lastEventId: before, detailOf: [] },
      { onData: ({ data }) => seen.push(number(data as Change)) },
    )
    let made = 0
    for (let round = 0; round < 12; round++) {
      for (let n = 0; n < 200; n++) services.publish(log(++made))
      // Once in the middle of the flow, once when it has run dry.
      if (round % 2) await vi.waitFor(() => expect(seen).toHaveLength(made), { timeout: 10_000 })
      else await new Promise((resolve) => setTimeout(resolve, 3))
      session.drop()
    }
    await vi.waitFor(() => expect(seen).toHaveLength(made), { timeout: 20_000 })
    expect(seen).toEqual(upTo(made))
    // The server's streams of the lost connections have ended.
    await vi.waitFor(() => expect(services.subscribers).toBe(1))
    subscription.unsubscribe()
    await vi.waitFor(() => expect(services.subscribers).toBe(0))
  })

  it('ends the stream on the server when the connection is lost', async () => {
    const raw = await session.raw()
    raw.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'changes', input: { json: { detailOf: [] } } } }))
    await vi.waitFor(() => expect(services.subscribers).toBe(1))
    raw.end()
    await vi.waitFor(() => expect(services.subscribers).toBe(0))
  })

  const query = JSON.stringify({ id: 9, method: 'query', params: { path: 'system.info', input: {} } })

  it.each([
    ['no JSON', '{"id": 1,', 'PARSE_ERROR'],
    ['no request', '"hello"', 'PARSE_ERROR'],
    ['an unknown method', '{"id":1,"method":"eval","params":{"path":"x"}}', 'PARSE_ERROR'],
    ['an unknown procedure', '{"id":1,"method":"query","params":{"path":"runs.destroy","input":{}}}', 'NOT_FOUND'],
    ['an inherited name as procedure', '{"id":1,"method":"query","params":{"path":"__proto__.x","input":{}}}', 'NOT_FOUND'],
    ['a query sent as mutation', '{"id":1,"method":"mutation","params":{"path":"system.info","input":{}}}', 'NOT_FOUND'],
    ['null in place of a message', 'null', 'PARSE_ERROR'],
    ['a batch with too many calls', JSON.stringify(Array.from({ length: 1000 }, () => JSON.parse(query) as unknown)), 'BAD_REQUEST'],
  ])('answers %s with a clear error and lives on', async (_name, text, code) => {
    const raw = await session.raw()
    raw.send(text)
    await vi.waitFor(() => expect(raw.answers.length).toBeGreaterThan(0))
    const answer = JSON.parse(raw.answers[0]!) as { error: { json: { message: string; data: { code: string } } } }
    expect(answer.error.json.data.code).toBe(code)
    expect(answer.error.json.message).not.toBe('')
    raw.answers.length = 0
    raw.send(query)
    await vi.waitFor(() => expect(raw.answers.some((text) => text.includes('"version":"0.1.0"'))).toBe(true))
    expect(services.seq).toBe(before)
    raw.end()
  })

  it('refuses more subscriptions than a window needs with a sentence, so that nobody else waits', async () => {
    const raw = await session.raw()
    const subscribe = (id: number) => ({ id, method: 'subscription', params: { path: 'changes', input: { json: { detailOf: [] } } } })
    const all = upTo(20_000).map(subscribe)
    for (let from = 0; from < all.length; from += MAX_BATCH) raw.send(JSON.stringify(all.slice(from, from + MAX_BATCH)))
    const refused = () => raw.answers.filter((text) => text.includes('"error"')).length
    await vi.waitFor(() => expect(refused()).toBe(all.length - MAX_SUBSCRIPTIONS), { timeout: 30_000 })
    expect(services.subscribers).toBe(MAX_SUBSCRIPTIONS)
    const { error } = JSON.parse(raw.answers.find((text) => text.includes('"error"'))!) as { error: { json: TRPCClientError<AppRouter> } }
    expect(error.json.message).toBe('This connection already has the maximum of 32 subscriptions to changes. End one of them first.')
    expect(error.json.data).toMatchObject({ userCode: 'CONFLICT' })

    const since = performance.now()
    for (const n of upTo(100)) services.publish(log(n))
    await session.client.system.info.query()
    expect(performance.now() - since).toBeLessThan(2000)

    // A subscription that ends makes room for another.
    raw.answers.length = 0
    raw.send(JSON.stringify({ id: 1, method: 'subscription.stop' }))
    await vi.waitFor(() => expect(services.subscribers).toBe(MAX_SUBSCRIPTIONS - 1))
    raw.send(JSON.stringify(subscribe(30_000)))
    await vi.waitFor(() => expect(services.subscribers).toBe(MAX_SUBSCRIPTIONS))
    raw.end()
    await vi.waitFor(() => expect(services.subscribers).toBe(0))
  })

  it('closes the connection at a message over the limit, and nobody else notices', async () => {
    const raw = await session.raw()
    raw.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'x'.repeat(MAX_MESSAGE_BYTES) } }))
    await raw.closed
    expect(raw.answers).toEqual([])
    expect((await session.client.system.info.query()).version).toBe('0.1.0')
    defects.length = 0
  })
})
