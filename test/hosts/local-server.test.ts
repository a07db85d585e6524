import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request as httpRequest, createServer, type IncomingHttpHeaders } from 'node:http'
import { networkInterfaces } from 'node:os'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { UserError } from '../../src-main/contract/errors.js'
import { DEFAULT_PORT, requirePage, startLocalServer, takePort, type LocalServer } from '../../src-main/hosts/server/http.js'
import { connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { FakeServices } from '../fixtures/fake-services.js'
import { temporaryFolder } from './temporary.js'

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

describe('the local server', () => {
  let services: FakeServices
  let server: LocalServer
  let page: string

  beforeEach(async () => {
    page = join(temporaryFolder(), 'page')
    mkdirSync(join(page, 'assets'), { recursive: true })
    writeFileSync(join(page, 'index.html'), '<title>Retrace</title>')
    writeFileSync(join(page, 'assets', 'index-abc.js'), 'run()')
    writeFileSync(join(page, '..', 'secret.txt'), 'secret')
    services = new FakeServices()
    server = startLocalServer(await takePort(0), { services, page, onDefect: (error) => expect.unreachable(String(error)) })
  })
  afterEach(async () => {
    await server.close()
    services.close()
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

  const enter = async (): Promise<string> => {
    const { status, headers } = await ask(`/?token=${server.token}`)
    expect(status).toBe(303)
    return headers['set-cookie']![0]!.split(';')[0]!
  }

  /** The status that a socket gets: 101 when it is let in. */
  function knock(headers: Record<string, string>, path = '/api'): Promise<number> {
    return new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers })
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

  it('gives a window its session, and takes the token out of its address', async () => {
    const { status, headers, body } = await ask(`/?token=${server.token}&theme=dark`)
    expect(status).toBe(303)
    expect(headers.location).toBe('/?theme=dark')
    expect(headers['set-cookie']![0]).toMatch(/^retrace-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/)
    expect(headers['set-cookie']![0]).not.toContain(server.token)
    expect(headers['cache-control']).toBe('no-store')
    expect(body).toBe('')

    const cookie = headers['set-cookie']![0]!.split(';')[0]!
    const shown = await ask('/', { cookie })
    expect(shown).toMatchObject({ status: 200, body: '<title>Retrace</title>' })
    expect((await ask('/assets/index-abc.js', { cookie: `other=1; ${cookie}` })).body).toBe('run()')
    // The page's own routes lead to the page.
    expect((await ask('/runs/abcd', { cookie })).body).toBe('<title>Retrace</title>')
  })

  it('leads nowhere else than to itself', async () => {
    const { status, headers } = await ask(`//evil.example/?token=${server.token}`)
    expect(status).toBe(303)
    expect(new URL(headers.location!, own()).origin).toBe(own())
    const dotted = await ask(`/.//evil.example/?token=${server.token}`)
    expect(new URL(dotted.headers.location!, own()).origin).toBe(own())
  })

  it.each([
    ['no secret', {}],
    ['a wrong cookie', { cookie: 'retrace=x' }],
    ['a wrong bearer token', { authorization: 'Bearer nonsense' }],
    ['no bearer scheme', { authorization: 'nonsense' }],
  ])('refuses %s with 401', async (_name, headers: Record<string, string>) => {
    for (const path of ['/', '/assets/index-abc.js', '/session', '/api']) {
      const { status, body } = await ask(path, headers)
      expect(status).toBe(401)
      expect(body).not.toContain('Retrace</title>')
    }
    expect(await knock({ ...headers, origin: own() })).toBe(401)
    expect(await knock(headers)).toBe(401)
  })

  it('refuses a wrong token and its own with something after it', async () => {
    for (const token of ['', 'x', `${server.token}x`, server.token.slice(1)]) expect((await ask(`/?token=${token}`)).status).toBe(401)
  })

  it('refuses foreign names that lead here, even with the secret', async () => {
    const cookie = await enter()
    for (const host of ['evil.example', `evil.example:${server.port}`, '127.0.0.1', `127.0.0.1:${server.port + 1}`]) {
      expect((await ask('/', { host, cookie })).status).toBe(403)
      expect((await ask(`/?token=${server.token}`, { host })).status).toBe(403)
      expect(await knock({ host, cookie, origin: `http://${host}` })).toBe(403)
      expect(await knock({ host, authorization: `Bearer ${server.token}` })).toBe(403)
    }
    expect((await ask('/', { host: `localhost:${server.port}`, cookie })).status).toBe(200)
  })

  it('refuses pages of other sites, even with the secret', async () => {
    const cookie = await enter()
    for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${server.port}`, `http://127.0.0.1:${server.port + 1}`]) {
      expect((await ask('/', { origin, cookie })).status).toBe(403)
      expect(await knock({ origin, cookie })).toBe(403)
      expect(await knock({ origin, authorization: `Bearer ${server.token}` })).toBe(403)
    }
  })

  it('lets in the socket of its page and of the command line, at one path', async () => {
    const cookie = await enter()
    expect(await knock({ cookie, origin: own() })).toBe(101)
    expect(await knock({ authorization: `Bearer ${server.token}` })).toBe(101)
    expect(await knock({ cookie })).toBe(403)
    expect(await knock({ cookie, origin: own() }, '/other')).toBe(404)
  })

  describe('with uploads', () => {
    const ID = '01234567-89ab-cdef-0123-456789abcdef'
    let folder: string
    let taking: LocalServer

    beforeEach(async () => {
      folder = join(temporaryFolder(), 'uploads')
      mkdirSync(join(folder, 'left-behind'), { recursive: true })
      taking = startLocalServer(await takePort(0), {
        services,
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
      expect([first.status, await first.json()]).toEqual([201, { folder: join(folder, ID) }])
      await send(`/uploads/${ID}/my%20set/b/c.png`, 'two')
      expect(readFileSync(join(folder, ID, 'my set', 'a.png'), 'utf8')).toBe('one')
      expect(readFileSync(join(folder, ID, 'my set', 'b', 'c.png'), 'utf8')).toBe('two')
      expect((await send(`/uploads/${ID}`, '', {}, 'DELETE')).status).toBe(200)
      expect(readdirSync(folder)).toEqual([])
    })

    it.each([
      [`/uploads/${ID}/..%2F..%2Foutside`, /leaves the folder/],
      [`/uploads/${ID}/%2Fetc%2Fpasswd`, /not relative/],
      [`/uploads/${ID}/a%00b`, /not relative/],
      [`/uploads/${ID}/%E0%A4%A`, /malformed/],
      ['/uploads/..%2F..%2Fx/y', /malformed/],
      ['/uploads/short/y', /malformed/],
    ])('refuses the address %s', async (path, message) => {
      const answer = await send(path, 'x')
      expect(answer.status).toBe(400)
      expect(((await answer.json()) as { message: string }).message).toMatch(message)
      expect(readdirSync(folder)).toEqual([])
    })

    it('refuses strangers, pages of other sites, and a cookie without an origin', async () => {
      const enter = await fetch(`${taking.windowAddress}`, { redirect: 'manual' })
      const cookie = enter.headers.get('set-cookie')!.split(';')[0]!
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
      expect(await put({ cookie })).toBe(403)
      expect(await put({ cookie, origin: 'http://elsewhere.example' })).toBe(403)
      expect(readdirSync(folder)).toEqual([])
      expect(await put({ cookie, origin: taking.address })).toBe(201)
    })

    it('takes nothing where no folder is given, and leaves nothing when it ends', async () => {
      expect((await ask(`/uploads/${ID}/x`, { authorization: `Bearer ${server.token}` }, 'PUT')).status).toBe(405)
      await send(`/uploads/${ID}/x`, 'one')
      await taking.close()
      expect(existsSync(folder)).toBe(false)
    })
  })

  it('serves its page with a policy that lets nothing else load', async () => {
    const { headers } = await ask('/', { cookie: await enter() })
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
    const cookie = await enter()
    for (const path of ['/../secret.txt', '/..%2fsecret.txt', '/assets/../../secret.txt', '/%2e%2e/secret.txt'])
      expect((await ask(path, { cookie })).body).not.toContain('secret')
    expect((await ask('/', { cookie }, 'POST')).status).toBe(405)
  })

  it.each(['//', '//:0', 'http://[', '/%', '*'])('answers the malformed address %s and lives on', async (path) => {
    expect((await ask(path)).status).toBeGreaterThanOrEqual(400)
    expect([400, 401, 404]).toContain(await knock({ authorization: `Bearer ${server.token}` }, path === '/%' ? path : '//'))
    expect((await ask(path, { cookie: await enter() })).status).toBeLessThan(500)
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

  it('says that a wanted port is taken, and takes another when none was wanted', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const error = await takePort(port).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toBe(
      `Port ${port} is in use by another program: choose another with --port, or leave the option out for a free one.`,
    )
    other.close()

    const free = await Promise.all([takePort(undefined), takePort(undefined)])
    const ports = free.map((bound) => (bound.address() as AddressInfo).port)
    expect(new Set(ports).size).toBe(2)
    expect(ports.filter((taken) => taken !== DEFAULT_PORT)).not.toEqual([])
    free.forEach((bound) => bound.close())
  })

  it('says that the page is not built', () => {
    expect(() => requirePage(join(page, 'none'))).toThrow(/is not built .*npm run build/)
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
