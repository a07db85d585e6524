import { writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import superjson, { type SuperJSONResult } from 'superjson'
import { startLocalServer, takePort, type LocalServer } from '../../src-main/hosts/server/http.js'
import { MAX_MESSAGE_BYTES } from '../../src-main/transport/channel-server.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { temporaryFolder } from './temporary.js'

describe('the API over HTTP', () => {
  let bound: Server
  let server: LocalServer
  beforeEach(async () => {
    const { api } = await homeOfTest()
    const page = temporaryFolder()
    writeFileSync(join(page, 'index.html'), '<title>Retrace</title>')
    bound = await takePort(0)
    server = startLocalServer(bound, { api, page, onDefect: (error) => expect.unreachable(String(error)) })
  })
  afterEach(() => server.close())

  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.address}/api/${path}`, { ...init, headers: { authorization: `Bearer ${server.token}`, ...init.headers } })
  const post = (path: string, input: unknown): Promise<Response> =>
    ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(superjson.serialize(input)) })
  const inputOf = (input: unknown): string => `?input=${encodeURIComponent(JSON.stringify(superjson.serialize(input)))}`
  async function dataOf(response: Response): Promise<unknown> {
    const { result } = (await response.json()) as { result: { data: SuperJSONResult } }
    return superjson.deserialize(result.data)
  }

  it('answers queries and mutations of a program that has the token', async () => {
    expect(await dataOf(await ask('runs.list'))).toMatchObject({ runs: [] })
    const made = (await dataOf(await post('runs.create', { preset: 'hamiltonian-quick', dataset: 'mnist' }))) as { id: string }
    expect(await dataOf(await ask(`runs.get${inputOf({ id: made.id })}`))).toMatchObject({ id: made.id, preset: 'hamiltonian-quick' })
  })

  it('says what is wrong with a call', async () => {
    const messageOf = async (response: Response): Promise<string> =>
      superjson.deserialize<{ message: string }>(((await response.json()) as { error: SuperJSONResult }).error).message
    const missing = await ask(`runs.get${inputOf({ id: 'nothere1' })}`)
    expect(missing.status).toBe(404)
    expect(await messageOf(missing)).toMatch(/nothere1/)
    expect((await ask('runs.nonsense')).status).toBe(404)
    expect((await ask('runs.create')).status, 'a query changes nothing').toBe(405)
    expect(await (await ask('changes')).text()).toMatch(/is a subscription/)
    expect((await post('runs.edit', { ids: ['x'.repeat(MAX_MESSAGE_BYTES)] })).status).toBe(413)
  })

  it.each([
    ['no secret', {}],
    ['a wrong one', { authorization: 'Bearer nonsense' }],
  ])('is closed to a program with %s', async (_, headers) => {
    for (const method of ['GET', 'POST']) expect((await fetch(`${server.address}/api/runs.list`, { method, headers })).status).toBe(401)
  })

  it('is closed to windows, which have the socket, and to pages of other programs', async () => {
    const page = await fetch(server.windowAddress)
    const key = /<meta name="retrace-key" content="([\w.-]+)"/.exec(await page.text())![1]!
    expect((await ask('runs.list', { headers: { authorization: `Bearer ${key}`, origin: server.address } })).status).toBe(401)
    expect((await ask('runs.list', { headers: { origin: 'http://elsewhere.example' } })).status).toBe(403)
  })
})
