import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { startServer, type RunningServer } from './support/server.js'
import { pointsOf, storeRuns } from './support/stored-runs.js'
import { lineOf, openPage, seriousFindings } from './support/watched-page.js'
import { removeFolder } from '../fixtures/home.js'

const ENDED = 'The workbench stopped unexpectedly'
const CLOSED = 'The workbench was closed.'
const AWAY = 'The workbench is not running.'
const FOREIGN = 'Another program is now using port'
const REFUSED = 'This window is not authorized'

/** The built server as a process of its own, which is killed, stopped, and restarted while a window is open. */
describe.skipIf(noBrowser)('a window that outlives its workbench', () => {
  let browser: Browser
  let entry: string
  let home: string
  const running: RunningServer[] = []
  beforeAll(async () => {
    entry = (await builtWorkbench()).server
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())
  afterEach(async () => {
    for (const server of running.splice(0)) await server.crash()
    removeFolder(home)
  })

  const start = async (at: string, port?: string): Promise<RunningServer> => {
    const server = await startServer(entry, at, port)
    running.push(server)
    return server
  }
  const values = Array.from({ length: 50 }, (_, i) => 1 / (i + 1))
  async function homeWithRuns(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'retrace-back-'))
    const run = (id: string) => ({ id, config: { steps: 50 }, series: { 'train/loss': pointsOf(values) } })
    await storeRuns(folder, [run('firstrun'), run('secondrun')])
    return folder
  }
  async function openAt(server: RunningServer, hash: string) {
    const opened = await openPage(browser, { keeper: true })
    onTestFinished(() => opened.context.close())
    await opened.page.goto(`${await server.windowAddress()}${hash}`)
    return opened
  }
  const gone = (page: Page, text: string): Promise<void> => page.getByText(text).waitFor({ state: 'detached', timeout: 20_000 })

  /** Waits until windows of this browser can be reloaded without the server. */
  const kept = (page: Page): Promise<unknown> =>
    expect.poll(() => page.evaluate<boolean>('navigator.serviceWorker.controller !== null'), { timeout: 30_000 }).toBe(true)

  it('goes on by itself at its address after kill -9, with a run whose points have no gap', async () => {
    home = mkdtempSync(join(tmpdir(), 'retrace-back-'))
    const first = await start(home)
    const before = connectWebSocket(first.address, first.token)
    const { id } = await before.client.runs.create.mutate({
      preset: 'hamiltonian-quick',
      dataset: 'mnist',
      overrides: { steps: 1_000_000, batch: 2 },
    })
    const hash = `#/runs/${id}?full=loss&x=epoch`
    const { page } = await openAt(first, hash)
    await expect.poll(async () => (await lineOf(page, 'train/loss')).count, { timeout: 60_000 }).toBeGreaterThan(5)
    const shown = new URL(page.url()).hash
    await before.close()
    await first.crash()
    await page.getByText(ENDED).waitFor()
    expect(await page.getByRole('status').filter({ hasText: ENDED }).innerText()).toContain(`npm start for the home folder ${home}`)
    expect(await seriousFindings(page)).toEqual([])

    const second = await start(home, first.port)
    await gone(page, ENDED)
    const after = connectWebSocket(second.address, second.token)
    await expect.poll(async () => (await after.client.runs.get.query({ id })).status, { timeout: 60_000 }).toBe('interrupted')
    await after.client.runs.resume.mutate({ id })
    const reached = (await after.client.runs.get.query({ id })).step
    await expect.poll(async () => (await lineOf(page, 'train/loss')).last, { timeout: 60_000 }).toBeGreaterThan(reached + 5)
    const { count, last } = await lineOf(page, 'train/loss')
    expect(count, 'a point for every step').toBe(last)
    expect(new URL(page.url()).hash).toBe(shown)
    expect(await page.locator('[data-chart="loss"].large').count(), 'the chart is still in full screen').toBe(1)

    await page.reload()
    await expect.poll(async () => (await lineOf(page, 'train/loss')).count, { timeout: 20_000 }).toBeGreaterThanOrEqual(count)
    expect(new URL(page.url()).hash).toBe(shown)
    await after.close()
  }, 180_000)

  it('goes on after an ordinary stop too, also a second time, and hears of a name that was changed meanwhile', async () => {
    home = await homeWithRuns()
    let server = await start(home)
    const { port } = server
    const { page } = await openAt(server, '#/compare?runs=firstrun,secondrun')
    await page.locator('[data-line]').first().waitFor()
    const shown = page.url()
    for (const name of ['renamed', 'renamed again']) {
      await server.stop()
      await page.getByText(CLOSED).waitFor()
      server = await start(home, port)
      await gone(page, CLOSED)
      const { client, close } = connectWebSocket(server.address, server.token)
      await client.runs.rename.mutate({ id: 'firstrun', name })
      await close()
      await page.getByText(name, { exact: true }).first().waitFor()
      expect(page.url()).toBe(shown)
    }
    if (process.platform !== 'win32') expect(statSync(join(home, 'windows.json')).mode & 0o777).toBe(0o600)
  }, 120_000)

  /** A program that has taken over a port, and records all requests. */
  async function listenAt(port: string, answer: (request: IncomingMessage) => { status: number; body: string; type?: string }) {
    const heard: string[] = []
    const program: Server = createServer((request, response) => {
      let body = ''
      request.on('data', (data: Buffer) => (body += data.toString()))
      request.on('end', () => {
        heard.push(`${request.method} ${request.url} ${JSON.stringify(request.rawHeaders)} ${body}`)
        const { status, body: text, type = 'application/json' } = answer(request)
        response.writeHead(status, { 'Content-Type': type }).end(text)
      })
    })
    program.on('upgrade', (request, socket) => {
      heard.push(`UPGRADE ${request.url} ${JSON.stringify(request.rawHeaders)}`)
      socket.destroy()
    })
    await new Promise<void>((resolve) => program.listen(Number(port), '127.0.0.1', resolve))
    const close = () =>
      new Promise<void>((resolve) => {
        program.close(() => resolve())
        program.closeAllConnections()
      })
    onTestFinished(close)
    return { heard, close }
  }

  it.each([
    ['answers anything with success', () => ({ status: 204, body: '' })],
    ['plays the workbench', () => ({ status: 200, body: JSON.stringify({ challenge: 'x'.repeat(43), proof: 'y'.repeat(43) }) })],
  ])(
    'tells a program nothing that has taken the port and %s, says so, and goes on afterwards',
    async (_name, answer) => {
      home = await homeWithRuns()
      const first = await start(home)
      const { page } = await openAt(first, '#/runs/firstrun')
      await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 20_000 }).toEqual({ count: 50, last: 50 })
      const key = (await page.evaluate<string>("sessionStorage.getItem('retrace.key')"))!
      // The page's worker requests the files that it lacks when its server dies from whatever answers, until it has them all.
      await kept(page)
      await first.crash()
      const { heard, close } = await listenAt(first.port, answer)
      await page.getByText(answer().status === 204 ? FOREIGN : REFUSED).waitFor({ timeout: 20_000 })
      expect(heard.length).toBeGreaterThan(0)
      const { secret } = JSON.parse(readFileSync(join(home, 'windows.json'), 'utf8')) as { secret: string }
      // Neither a key nor a socket: only the name of the key, and a nonce; and files of the page, which it loads when it is idle.
      const hellos = heard.filter((line) => line.startsWith('POST /windows/hello '))
      expect(hellos.length).toBeGreaterThan(0)
      for (const line of heard) {
        if (!hellos.includes(line)) expect(line).toMatch(/^GET \/assets\/[\w.-]+ /)
        for (const one of [key, secret, first.token]) expect(line).not.toContain(one)
      }

      await close()
      const second = await start(home, first.port)
      await page.getByText(/is now using port|is not authorized/).waitFor({ state: 'detached', timeout: 20_000 })
      // What that program has recorded does not give access.
      const names = hellos.map((line) => (JSON.parse(line.slice(line.lastIndexOf('{'))) as { name: string }).name)
      const post = (path: string, body: object) => fetch(`${second.address}${path}`, { method: 'POST', body: JSON.stringify(body) })
      const hello = { name: names[0]!, nonce: 'n'.repeat(22) }
      const told = (await (await post('/windows/hello', hello)).json()) as { challenge: string; proof: string }
      expect((await post('/windows/resume', { ...hello, ...told })).status, 'its own proof is no proof of the window').toBe(401)
      expect((await post('/windows/key', {})).status).toBe(401)
    },
    120_000,
  )

  it('does not open with the key of another home, and goes on when its own is back', async () => {
    home = await homeWithRuns()
    const other = mkdtempSync(join(tmpdir(), 'retrace-other-'))
    onTestFinished(() => removeFolder(other))
    const first = await start(home)
    const { page } = await openAt(first, '#/runs/firstrun')
    await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 20_000 }).toEqual({ count: 50, last: 50 })
    await first.stop()
    const foreign = await start(other, first.port)
    await page.getByText(REFUSED).waitFor({ timeout: 20_000 })
    expect(await page.getByText(REFUSED).innerText()).toContain('The workbench at this address serves another home folder')
    await foreign.stop()
    await start(home, first.port)
    await gone(page, REFUSED)
    await page.getByRole('link', { name: 'Runs', exact: true }).click()
    await page.getByText('secondrun').first().waitFor()
  }, 120_000)

  it('is reloaded while the workbench is away, at its address, and goes on when that is back; also when that is back before', async () => {
    home = await homeWithRuns()
    let server = await start(home)
    const { page } = await openAt(server, '#/runs/firstrun?x=epoch')
    await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 20_000 }).toEqual({ count: 50, last: 50 })
    await kept(page)
    const shown = page.url()
    await server.crash()
    await page.getByText(ENDED).waitFor()
    for (let time = 0; time < 2; time++) {
      await page.reload()
      await page.getByText(AWAY).waitFor()
      expect(page.url()).toBe(shown)
    }
    expect(await seriousFindings(page)).toEqual([])
    server = await start(home, server.port)
    await gone(page, AWAY)
    await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 20_000 }).toEqual({ count: 50, last: 50 })
    expect(page.url()).toBe(shown)

    await server.crash()
    server = await start(home, server.port)
    await page.reload()
    await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 20_000 }).toEqual({ count: 50, last: 50 })
    expect(page.url()).toBe(shown)
  }, 120_000)

  it('leaves nothing that helps to a page of a program that has taken the port, also when its workbench is back', async () => {
    home = await homeWithRuns()
    let server = await start(home)
    const { page, context } = await openAt(server, '#/runs/firstrun')
    await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 20_000 }).toEqual({ count: 50, last: 50 })
    await kept(page)
    const other = await context.newPage()
    await other.goto(`${await server.windowAddress()}#/runs/secondrun`)
    await expect.poll(() => lineOf(other, 'train/loss'), { timeout: 20_000 }).toEqual({ count: 50, last: 50 })
    await server.crash()
    const before = await page.evaluate<string>('JSON.stringify(sessionStorage)')

    // Repeatedly requests everything available.
    const THIEF = `<title>thief</title><script>
      window.got = []
      navigator.serviceWorker.onmessage = ({ data }) => got.push(data)
      setInterval(() => { for (const kind of ['arrive', 'ask']) navigator.serviceWorker.controller?.postMessage({ kind }) }, 100)
      new BroadcastChannel('retrace.key').onmessage = ({ data }) => got.push(data)
    </script>`
    const { close } = await listenAt(server.port, () => ({ status: 200, body: THIEF, type: 'text/html' }))
    await page.reload()
    await expect.poll(() => page.title()).toBe('thief')
    await other.getByText(FOREIGN).waitFor({ timeout: 20_000 })
    await close()
    server = await start(home, server.port)
    await gone(other, FOREIGN)
    await other.reload()
    await expect.poll(() => lineOf(other, 'train/loss'), { timeout: 20_000 }).toEqual({ count: 50, last: 50 })

    const got = () => page.evaluate<{ kind: string; key?: string | null }[]>('window.got')
    // The other window was asked and gave its key to the worker, which does not pass it on.
    await expect.poll(async () => (await got()).some(({ kind }) => kind === 'reload'), { timeout: 20_000 }).toBe(true)
    expect((await got()).filter(({ key }) => key)).toEqual([])
    expect(await page.evaluate<string>('JSON.stringify(sessionStorage)')).toBe(before)
    const old = (JSON.parse(before) as Record<string, string>)['retrace.key']!
    const session = await fetch(`${server.address}/session`, { headers: { authorization: `Bearer ${old}` } })
    expect(session.status, 'what the window had stored is of the server before').toBe(401)
    // Reloaded from the workbench, it is a window again, and is admitted through the other one.
    await page.reload()
    await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 20_000 }).toEqual({ count: 50, last: 50 })
  }, 120_000)
})
