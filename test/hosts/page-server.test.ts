import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startLocalServer, takePort, type LocalServer } from '../../src-main/hosts/server/http.js'
import { PlayedHome } from '../fixtures/played-home.js'
import { bundleForNode } from '../fixtures/build.js'

let development: Server
let from: URL
let asked: { url: string | undefined; headers: IncomingHttpHeaders }[]
let services: PlayedHome
let server: LocalServer

beforeEach(async () => {
  asked = []
  development = createServer((request, response) => {
    asked.push({ url: request.url, headers: request.headers })
    response.writeHead(200, { 'Content-Type': request.url === '/' ? 'text/html' : 'text/javascript' })
    response.end(request.url === '/' ? '<html><head></head></html>' : 'export {}')
  })
  await new Promise<void>((resolve) => development.listen(0, '127.0.0.1', resolve))
  from = new URL(`http://127.0.0.1:${(development.address() as AddressInfo).port}`)
  services = await PlayedHome.open()
  server = startLocalServer(await takePort(0), {
    api: services.api,
    page: from,
    onDefect: (error) => expect.unreachable(String(error)),
  })
})
afterEach(async () => {
  await server.close()
  services.close()
  development.close()
})

it('a page that another server builds comes with the key of its tab, and may connect to that server', async () => {
  const answer = await fetch(server.windowAddress)
  expect(await answer.text()).toMatch(/<meta name="retrace-key" content="[\w.-]+" \/>/)
  expect(answer.headers.get('content-security-policy')).toContain(
    `connect-src 'self' ws://127.0.0.1:${server.port} ws://localhost:${server.port} ws://${from.host};`,
  )
})

it('what the page loads is passed on, without the secrets that are for the workbench alone', async () => {
  const headers = { authorization: `Bearer ${server.token}`, cookie: 'a=b' }
  const answer = await fetch(`${server.address}/main.ts?t=1`, { headers })
  expect([answer.headers.get('content-type'), await answer.text()]).toEqual(['text/javascript', 'export {}'])
  expect(asked).toMatchObject([{ url: '/main.ts?t=1', headers: { host: from.host } }])
  expect(JSON.stringify(asked)).not.toContain(server.token)
  expect(asked[0]!.headers.cookie).toBeUndefined()
})

it('a server that is not there is said', async () => {
  development.closeAllConnections()
  await new Promise((resolve) => development.close(resolve))
  expect((await fetch(server.windowAddress)).status).toBe(503)
  expect((await fetch(`${server.address}/main.ts`)).status).toBe(404)
})

it('the page comes from this machine alone', async () => {
  using bundle = await bundleForNode(join(resolve(import.meta.dirname, '../../src-main'), 'hosts/server/main.ts'))
  for (const address of ['http://example.org', 'https://127.0.0.1:1', 'nonsense']) {
    const { status, stderr } = spawnSync(process.execPath, [bundle.file, '--no-open', '--page-from', address], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([1, expect.stringContaining('Give http://127.0.0.1:PORT')])
  }
})
