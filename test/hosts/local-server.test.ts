import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest, createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { networkInterfaces } from 'node:os'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import superjson from 'superjson'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { socketProtocols } from '../../src-main/contract/entry.js'
import { UserError } from '../../src-main/contract/errors.js'
import type { AppRouter } from '../../src-main/features/router.js'
import { ownUploads } from '../../src-main/durable/unfinished.js'
import { CONNECTION_BOUNDS, HEADERS_MS } from '../../src-main/hosts/server/connections.js'
import { DEFAULT_PORT, startLocalServer, takePort, type LocalServer } from '../../src-main/hosts/server/http.js'
import { requirePage } from '../../src-main/hosts/server/page.js'
import { connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import type { PlayedHome } from '../fixtures/played-home.js'
import { temporaryFolder } from './temporary.js'

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

describe('the local server', () => {
  let services: PlayedHome
  let bound: Server
  let server: LocalServer
  let page: string

  beforeEach(async () => {
    page = join(temporaryFolder(), 'page')
    mkdirSync(join(page, 'assets'), { recursive: true })
    writeFileSync(join(page, 'index.html'), '<title>Retrace</title>')
    writeFileSync(join(page, 'assets', 'index-abc.js'), 'run()')
    writeFileSync(join(page, '..', 'secret.txt'), 'secret')
    services = await homeOfTest()
    bound = await takePort(0)
    server = startLocalServer(bound, { api: services.api, page, onDefect: (error) => expect.unreachable(String(error)) })
  })
  afterEach(async () => {
    await server.close()
  })

  function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port: server.port, path, method, headers, agent: false }, (response) => {
        let body = ''
        response.on('data', (data: Buffer) => (body += data.toString()))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      })
      request.on('error', reject)
      request.end()
    })
  }

  /** The key in the page of an address; undefined if it has none. */
  const keyIn = (body: string): string | undefined => /<meta name="retrace-key" content="([\w.-]+)" \/>/.exec(body)?.[1]

  const pathOf = (address: string): string => address.slice(own().length)

  /** A tab's key, obtained like a window does. */
  const enter = async (): Promise<string> => {
    const { status, body } = await ask(pathOf(server.windowAddress))
    expect(status).toBe(200)
    return keyIn(body)!
  }

  /** The status that a socket gets: 101 if it is admitted. */
  function knock(
    headers: Record<string, string>,
    { path = '/api', key }: { path?: string; key?: string | undefined } = {},
  ): Promise<number> {
    return new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, key === undefined ? [] : socketProtocols(key), { headers })
      socket.once('open', () => {
        socket.terminate()
        resolve(101)
      })
      socket.once('unexpected-response', (request, response) => {
        resolve(response.statusCode ?? 0)
        request.destroy()
      })
      socket.on('error', () => undefined)
    })
  }

  const own = (): string => `http://127.0.0.1:${server.port}`

  it('gives a window the key of its tab, once', async () => {
    const address = pathOf(server.windowAddress)
    const { status, headers, body } = await ask(address)
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('no-store')
    expect(headers['set-cookie'], 'cookies would go to every port').toBeUndefined()
    expect(keyIn(body)).toMatch(/^[\w-]{22}\.[\w-]{43}$/)
    expect(body).toContain('<title>Retrace</title>')
    expect(body).not.toContain(server.token)

    const again = await ask(address)
    expect(again.status).toBe(401)
    expect(keyIn(again.body)).toBeUndefined()
    expect(again.body).toContain('<meta name="retrace-refusal" content="The address of this window was already used')
    expect(await enter(), 'each tab has its own').not.toBe(keyIn(body))
  })

  it('does not spend a ticket for who only looks, or loads ahead', async () => {
    const address = pathOf(server.windowAddress)
    await ask(address, {}, 'HEAD')
    await ask(address, { 'sec-purpose': 'prefetch;prerender' })
    await ask(address, { host: 'evil.example' })
    expect(keyIn((await ask(address)).body)).toBeDefined()
  })

  it('lets nobody in by a ticket that came too late, and tells who gave it', async () => {
    let told = 0
    const address = pathOf(server.newWindowAddress(0, () => told++))
    await new Promise((resolve) => setTimeout(resolve, 5))
    for (let attempt = 0; attempt < 2; attempt++) {
      const { status, body } = await ask(address)
      expect(status).toBe(401)
      expect(keyIn(body)).toBeUndefined()
      expect(body).toContain('content="The address of this window has expired.')
    }
    expect(told).toBe(1)
    const wrong = await ask(`${address}x`)
    expect([wrong.status, keyIn(wrong.body)]).toEqual([401, undefined])
  })

  it('gives tickets to the command line alone', async () => {
    const { status, body } = await ask('/tickets', { authorization: `Bearer ${server.token}` }, 'POST')
    expect(status).toBe(201)
    expect(keyIn((await ask(pathOf(body.trim()))).body)).toBeDefined()
    expect((await ask('/tickets', {}, 'POST')).status).toBe(401)
    expect((await ask('/tickets', { authorization: `Bearer ${await enter()}`, origin: own() }, 'POST')).status).toBe(401)
  })

  it('gives a window key to a window that is in, and forgets all keys for the command line alone', async () => {
    const key = await enter()
    const asTab = { authorization: `Bearer ${key}`, origin: own() }
    const strangers: Record<string, string>[] = [
      {},
      { cookie: `retrace.key=${key}`, origin: own() },
      { authorization: `Bearer ${key}x`, origin: own() },
    ]
    for (const headers of strangers) expect((await ask('/windows/key', headers, 'POST')).status).toBe(401)
    expect((await ask('/windows/key', { authorization: `Bearer ${key}` }, 'POST')).status, 'no page').toBe(403)
    expect((await ask('/windows/key', { ...asTab, origin: 'http://evil.example' }, 'POST')).status).toBe(403)
    expect((await ask('/windows/key', { ...asTab, host: 'evil.example' }, 'POST')).status).toBe(403)
    const given = await ask('/windows/key', asTab, 'POST')
    expect([given.status, given.headers['cache-control']]).toEqual([200, 'no-store'])
    expect(JSON.parse(given.body)).toEqual({ name: expect.any(String), key: expect.any(String) })
    for (const path of ['/windows/hello', '/windows/resume']) expect((await ask(path, {}, 'POST')).status).toBe(400)

    const window = new WebSocket(`ws://127.0.0.1:${server.port}/api`, socketProtocols(key), { headers: { origin: own() } })
    const command = new WebSocket(`ws://127.0.0.1:${server.port}/api`, { headers: { authorization: `Bearer ${server.token}` } })
    await Promise.all([window, command].map((socket) => new Promise((resolve) => socket.once('open', resolve))))
    expect((await ask('/windows/forget', asTab, 'POST')).status).toBe(401)
    expect(window.readyState).toBe(WebSocket.OPEN)
    const closed = new Promise((resolve) => window.once('close', resolve))
    expect((await ask('/windows/forget', { authorization: `Bearer ${server.token}` }, 'POST')).status).toBe(200)
    await closed
    expect(command.readyState, 'a command stays').toBe(WebSocket.OPEN)
    command.terminate()
    expect(await knock({ origin: own() }, { key })).toBe(401)
    expect((await ask('/windows/key', asTab, 'POST')).status).toBe(401)
  })

  it('shows its page to everybody, since that is the same for all and does nothing without a socket', async () => {
    expect(await ask('/')).toMatchObject({ status: 200, body: '<title>Retrace</title>' })
    expect((await ask('/assets/index-abc.js')).body).toBe('run()')
    // The page's own routes return the page.
    expect((await ask('/runs/abcd')).body).toBe('<title>Retrace</title>')
  })

  it.each([
    ['no secret', {}],
    ['a cookie alone', { cookie: 'retrace=KEY; retrace.key=KEY' }],
    ['a wrong bearer token', { authorization: 'Bearer nonsense' }],
    ['no bearer scheme', { authorization: 'KEY' }],
  ])('refuses %s with 401', async (_name, headers: Record<string, string>) => {
    const key = await enter()
    const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replaceAll('KEY', key)]))
    expect((await ask('/session', given)).status).toBe(401)
    expect(await knock({ ...given, origin: own() })).toBe(401)
    expect(await knock(given)).toBe(401)
  })

  it('refuses keys that are not its own', async () => {
    const key = await enter()
    const [name = '', proof = ''] = key.split('.')
    for (const wrong of ['', 'x', '.', `${key}x`, `${key}.x`, name, `.${proof}`, `${name}.`, `x${key}`])
      expect(await knock({ origin: own() }, { key: wrong })).toBe(401)
    expect((await ask('/session', { authorization: `Bearer ${server.token}x` })).status).toBe(401)
  })

  it('refuses foreign names that lead here, even with the secret', async () => {
    const key = await enter()
    for (const host of ['evil.example', `evil.example:${server.port}`, '127.0.0.1', `127.0.0.1:${server.port + 1}`]) {
      expect((await ask('/', { host })).status).toBe(403)
      expect((await ask(pathOf(server.windowAddress), { host })).status).toBe(403)
      expect(await knock({ host, origin: `http://${host}` }, { key })).toBe(403)
      expect(await knock({ host, authorization: `Bearer ${server.token}` })).toBe(403)
    }
    expect((await ask('/', { host: `localhost:${server.port}` })).status).toBe(200)
  })

  it('refuses pages of other sites, even with the secret', async () => {
    const key = await enter()
    for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${server.port}`, `http://127.0.0.1:${server.port + 1}`]) {
      expect((await ask('/', { origin })).status).toBe(403)
      expect(await knock({ origin }, { key })).toBe(403)
      expect(await knock({ origin, authorization: `Bearer ${server.token}` })).toBe(403)
    }
  })

  it('lets in the socket of its page and of the command line, at one path', async () => {
    const key = await enter()
    expect(await knock({ origin: own() }, { key })).toBe(101)
    expect(await knock({ authorization: `Bearer ${server.token}` })).toBe(101)
    expect(await knock({}, { key }), 'a browser names the origin of its page').toBe(403)
    expect(await knock({ origin: own() }, { key, path: '/other' })).toBe(404)
  })

  describe('with a folder for exports', () => {
    let folder: string
    let writing: LocalServer
    beforeEach(async () => {
      folder = join(temporaryFolder(), 'exports')
      writing = startLocalServer(await takePort(0), {
        api: services.api,
        page,
        exports: folder,
        onDefect: (error) => expect.unreachable(String(error)),
      })
    })
    afterEach(() => writing.close())

    /** A client with the key of a window. */
    async function asWindow(at: LocalServer): Promise<ReturnType<typeof createTRPCClient<AppRouter>>> {
      const key = keyIn(await (await fetch(at.windowAddress)).text())!
      class Keyed extends WebSocket {
        constructor(url: string) {
          super(url, socketProtocols(key), { headers: { origin: at.address } })
        }
      }
      const socket = createWSClient({
        url: `${at.address.replace('http', 'ws')}/api`,
        WebSocket: Keyed as unknown as typeof globalThis.WebSocket,
      })
      onTestFinished(() => socket.close())
      return createTRPCClient<AppRouter>({ links: [wsLink({ client: socket, transformer: superjson })] })
    }

    it('has files written for windows there alone, and for commands where they say', async () => {
      const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist' })
      services.checkpoint(id)
      const window = await asWindow(writing)
      const outside = join(folder, '..', 'outside')
      const writes = (client: typeof window, path: string): (() => Promise<string>)[] => [
        async () => (await client.runs.exportFile.mutate({ id, path, format: 'archive' })).path,
        async () => (await client.runs.exportWeights.mutate({ id, path })).path,
        async () => (await client.storage.backup.mutate({ file: path })).file,
      ]
      for (const path of [outside, folder, '..', join(folder, '../exports-too/x'), '/etc/cron.d/x', '../../x', `${folder}/a/../../x`])
        for (const write of writes(window, path)) await expect(write()).rejects.toThrow(`Windows can only write files below ${folder}`)
      expect(existsSync(folder)).toBe(false)
      const expectWritten = async (client: typeof window, path: string, place: string): Promise<void> => {
        for (const write of writes(client, path)) {
          expect(await write()).toBe(place)
          // So that the next test does not find it there.
          rmSync(place, { force: true })
        }
      }
      await expectWritten(window, 'mine.tar', join(folder, 'mine.tar'))
      await expectWritten(window, join(folder, 'a', 'b'), join(folder, 'a', 'b'))
      expect(statSync(folder).mode & 0o777).toBe(0o700)

      const { client, close } = connectWebSocket(writing.address, writing.token)
      await expectWritten(client, outside, outside)
      await close()
      const without = await asWindow(server)
      for (const write of writes(without, 'mine.tar')) await expect(write()).rejects.toThrow('Windows of this server cannot write files')
    })
  })

  it('answers a socket with the protocol that holds no key', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/api`, socketProtocols(await enter()), { headers: { origin: own() } })
    await new Promise((resolve) => socket.once('open', resolve))
    expect(socket.protocol).toBe('retrace')
    socket.terminate()
  })

  describe('with uploads', () => {
    const ID = '01234567-89ab-cdef-0123-456789abcdef'
    let folder: string
    let taking: LocalServer

    beforeEach(async () => {
      folder = join(temporaryFolder(), 'uploads')
      mkdirSync(join(folder, 'left-behind'), { recursive: true })
      taking = startLocalServer(await takePort(0), {
        api: services.api,
        page,
        uploads: folder,
        onDefect: (error) => expect.unreachable(String(error)),
      })
    })
    afterEach(() => taking.close())

    const send = async (path: string, body: string, headers: Record<string, string> = {}, method = 'PUT'): Promise<Response> =>
      fetch(`${taking.address}${path}`, {
        method,
        headers: { authorization: `Bearer ${taking.token}`, ...headers },
        ...(method === 'PUT' ? { body } : {}),
      })

    it('keeps what is sent in a folder of its own until it is removed', async () => {
      expect(readdirSync(folder), 'of an earlier server').toEqual([])
      const first = await send(`/uploads/${ID}/my%20set/a.png`, 'one')
      expect([first.status, await first.json()]).toEqual([201, { folder: join(ownUploads(folder), ID) }])
      await send(`/uploads/${ID}/my%20set/b/c.png`, 'two')
      expect(readFileSync(join(ownUploads(folder), ID, 'my set', 'a.png'), 'utf8')).toBe('one')
      expect(readFileSync(join(ownUploads(folder), ID, 'my set', 'b', 'c.png'), 'utf8')).toBe('two')
      expect((await send(`/uploads/${ID}`, '', {}, 'DELETE')).status).toBe(200)
      expect(readdirSync(folder)).toEqual([])
    })

    it.each([
      [`/uploads/${ID}/..%2F..%2Foutside`, /outside the archive/],
      [`/uploads/${ID}/%2Fetc%2Fpasswd`, /absolute path/],
      [`/uploads/${ID}/a%00b`, /null character/],
      [`/uploads/${ID}/%E0%A4%A`, /malformed/],
      ['/uploads/..%2F..%2Fx/y', /malformed/],
      ['/uploads/short/y', /malformed/],
    ])('refuses the address %s', async (path, message) => {
      const answer = await send(path, 'x')
      expect(answer.status).toBe(400)
      expect(((await answer.json()) as { message: string }).message).toMatch(message)
      expect(readdirSync(folder)).toEqual([])
    })

    it('refuses strangers, pages of other sites, a cookie, and a key without an origin', async () => {
      const key = keyIn(await (await fetch(taking.windowAddress)).text())!
      const authorization = `Bearer ${key}`
      const put = (headers: Record<string, string>): Promise<number> =>
        new Promise((resolve, reject) => {
          const options = {
            host: '127.0.0.1',
            port: taking.port,
            path: `/uploads/${ID}/x`,
            method: 'PUT',
            headers: { 'content-length': '1', ...headers },
          }
          const request = httpRequest({ ...options, agent: false }, (response) => (response.resume(), resolve(response.statusCode ?? 0)))
          request.on('error', reject)
          request.end('x')
        })
      expect(await put({})).toBe(401)
      expect(await put({ cookie: `retrace=${key}`, origin: taking.address })).toBe(401)
      expect(await put({ authorization })).toBe(403)
      expect(await put({ authorization, origin: 'http://elsewhere.example' })).toBe(403)
      expect(readdirSync(folder)).toEqual([])
      expect(await put({ authorization, origin: taking.address })).toBe(201)
    })

    it('takes nothing where no folder is given, and leaves nothing when it ends', async () => {
      expect((await ask(`/uploads/${ID}/x`, { authorization: `Bearer ${server.token}` }, 'PUT')).status).toBe(405)
      await send(`/uploads/${ID}/x`, 'one')
      await taking.close()
      expect(existsSync(folder)).toBe(false)
    })
  })

  it('serves its page with a policy that lets nothing else load', async () => {
    const { headers } = await ask('/')
    const policy = headers['content-security-policy'] as string
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${server.port}`)
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe-eval')
    expect(policy).not.toMatch(/https:|\*/)
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  it('serves no file outside its folder, and only reads', async () => {
    for (const path of ['/../secret.txt', '/..%2fsecret.txt', '/assets/../../secret.txt', '/%2e%2e/secret.txt'])
      expect((await ask(path)).body).not.toContain('secret')
    expect((await ask('/', {}, 'POST')).status).toBe(405)
  })

  it.each(['//', '//:0', 'http://[', '/%', '*'])('answers the malformed address %s and lives on', async (path) => {
    expect((await ask(path)).status).toBeLessThan(500)
    expect([400, 401, 404]).toContain(await knock({ authorization: `Bearer ${server.token}` }, { path: path === '/%' ? path : '//' }))
    expect((await ask('/session', { authorization: `Bearer ${server.token}` })).status).toBe(204)
  })

  it('listens on this machine alone', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal)?.address
    if (outside === undefined) return expect(server.address).toMatch(/127\.0\.0\.1/)
    await expect(fetch(`http://${outside}:${server.port}/`)).rejects.toThrow()
  })

  it('serves the API to a command with the token', async () => {
    const { client, close } = connectWebSocket(server.address, server.token)
    expect((await client.system.info.query()).version).toBe('0.1.0')
    expect(server.clients).toBe(1)
    await close()
  })

  describe('among many connections', () => {
    /** Opens connections that send this text and nothing else; returns a function that counts those still open. */
    async function crowd(at: number, count: number, text: string): Promise<() => number> {
      const sockets = Array.from({ length: count }, () => connect({ host: '127.0.0.1', port: at }))
      onTestFinished(() => sockets.forEach((socket) => socket.destroy()))
      for (const socket of sockets) socket.on('error', () => undefined).resume()
      await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))))
      for (const socket of sockets) if (socket.writable && text) socket.write(text)
      return () => sockets.filter((socket) => !socket.closed).length
    }

    it('keeps few of those that say nothing, and serves a window meanwhile', async () => {
      await crowd(server.port, 1500, '')
      // The server's own count, because clients in the system's queue do not know about the refusal yet.
      const held = () => new Promise<number>((resolve) => bound.getConnections((_error, count) => resolve(count)))
      await vi.waitFor(async () => expect(await held()).toBe(CONNECTION_BOUNDS.strangers), { timeout: 10_000 })
      expect(await knock({ origin: own() }, { key: await enter() })).toBe(101)
      expect((await ask('/assets/index-abc.js')).body).toBe('run()')
    })

    it('lets windows stay that are in, however many come, also one that never reads', async () => {
      const key = await enter()
      const windows = Array.from(
        { length: 20 },
        () => new WebSocket(`ws://127.0.0.1:${server.port}/api`, socketProtocols(key), { origin: own() }),
      )
      await Promise.all(windows.map((window) => new Promise((resolve) => window.once('open', resolve))))
      windows[0]!.pause()
      await crowd(server.port, 400, 'GET / HTTP/1.1\r\nHo')
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(windows.every(({ readyState }) => readyState === WebSocket.OPEN)).toBe(true)
      expect(server.clients).toBe(20)
      windows.forEach((window) => window.terminate())
    })

    it.each([
      ['nothing', ''],
      ['half a request', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n'],
      ['half a body', 'POST /tickets HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 1000\r\n\r\nhalf'],
      [
        'a socket that nobody lets in',
        'GET /api HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      ],
    ])('closes one in time that sends %s', async (_name, text) => {
      const strict = startLocalServer(await takePort(0), {
        api: services.api,
        page,
        bounds: { strangerMs: 1000 },
        onDefect: (error) => expect.unreachable(String(error)),
      })
      onTestFinished(() => strict.close())
      const open = await crowd(strict.port, 20, text.replace('PORT', String(strict.port)))
      await vi.waitFor(() => expect(open()).toBe(0), { timeout: 5000 })
    })

    it('takes half a request for ten seconds and no longer', async () => {
      const open = await crowd(server.port, 20, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n')
      await vi.waitFor(() => expect(open()).toBe(0), { timeout: HEADERS_MS + 5000, interval: 200 })
    })

    it('refuses windows beyond its bound with a sentence, and lets one in when another has gone', async () => {
      const small = startLocalServer(await takePort(0), {
        api: services.api,
        page,
        bounds: { admitted: 2 },
        onDefect: (error) => expect.unreachable(String(error)),
      })
      onTestFinished(() => small.close())
      const authorization = `Bearer ${small.token}`
      const enterSmall = (): WebSocket => new WebSocket(`${small.address.replace('http', 'ws')}/api`, { headers: { authorization } })
      const inside = [enterSmall(), enterSmall()]
      await Promise.all(inside.map((window) => new Promise((resolve) => window.once('open', resolve))))
      const said = await new Promise<string>((resolve) => {
        const refused = enterSmall().on('error', () => undefined)
        refused.once('unexpected-response', (_request, response) => {
          response.on('data', (data: Buffer) => resolve(`${response.statusCode} ${data.toString()}`))
        })
      })
      expect(said).toBe('503 The workbench has reached the maximum number of windows and commands. Close one.\n')
      inside[0]!.terminate()
      await vi.waitFor(() => expect(small.clients).toBe(1))
      const third = enterSmall()
      await new Promise((resolve) => third.once('open', resolve))
    })
  })

  it('says that a wanted port is taken, and takes another when none was wanted', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const error = await takePort(port).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toBe(
      `Port ${port} is in use by another program. Choose another with --port, or omit the option to use a free one.`,
    )
    other.close()

    const free = await Promise.all([takePort(undefined), takePort(undefined)])
    const ports = free.map((bound) => (bound.address() as AddressInfo).port)
    expect(new Set(ports).size).toBe(2)
    expect(ports.filter((taken) => taken !== DEFAULT_PORT)).not.toEqual([])
    free.forEach((bound) => bound.close())
  })

  it('says that the page is not built', () => {
    expect(() => requirePage(join(page, 'none'))).toThrow(/is not built: .*npm run build/)
  })

  it('is given up by a command once it has been away for so long, however often that tries to come back', async () => {
    const { client, lost, close } = connectWebSocket(server.address, server.token, 1000)
    await client.system.info.query()
    await server.close()
    const since = performance.now()
    await lost
    expect(performance.now() - since).toBeLessThan(2500)
    await close()
  })

  it('closes while clients are connected and idle connections stay open', async () => {
    const { lost, close } = connectWebSocket(server.address, server.token, 10)
    await fetch(`${server.address}/session`, { headers: { authorization: `Bearer ${server.token}` } })
    await server.close()
    await lost
    await close()
  })
})
