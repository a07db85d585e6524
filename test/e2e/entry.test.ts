import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readHostRecord } from '../../src-main/hosts/discovery.js'
import type { LocalServer } from '../../src-main/hosts/server/http.js'
import { openDriver } from '../../src-main/sqlite/driver.mjs'
import { PlayedHome } from '../fixtures/played-home.js'
import { builtWorkbench } from './support/built.js'
import { browserPath, launchBrowser, noBrowser } from './support/chromium.js'
import { serveHome } from './support/serve-home.js'
import { openPage } from './support/watched-page.js'
import { removeFolder } from '../fixtures/home.js'

const REFUSED = 'This window is not authorized'
const keyOf = (page: Page): Promise<string | null> => page.evaluate<string | null>("sessionStorage.getItem('retrace.key')")

describe.skipIf(noBrowser)('a window', () => {
  let browser: Browser
  let server: LocalServer
  let played: PlayedHome

  beforeAll(async () => {
    const { page } = await builtWorkbench()
    browser = await launchBrowser()
    played = await PlayedHome.open()
    server = await serveHome(played, page)
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    played?.close()
  })

  const isIn = (page: Page): Promise<void> => page.getByText('No runs yet').waitFor()
  const isRefused = async (page: Page, why: string): Promise<void> => {
    const banner = page.getByText(REFUSED)
    await banner.waitFor()
    expect(await banner.innerText()).toContain(why)
    expect(await banner.innerText()).toContain('Run npm start again')
  }
  async function withPage(use: (page: Page, context: BrowserContext) => Promise<void>): Promise<void> {
    const { page, context } = await openPage(browser, { keeper: true })
    await use(page, context)
    await context.close()
  }

  it('comes in once by its ticket, which leaves the address, and is the same after a reload', () =>
    withPage(async (page) => {
      const address = server.windowAddress
      await page.goto(`${address}#/settings`)
      const shown = page.getByRole('heading', { name: 'Settings' }).first()
      await shown.waitFor()
      expect(page.url()).toBe(`${server.address}/#/settings`)
      const key = await keyOf(page)
      expect(key).not.toBeNull()
      await page.reload()
      await shown.waitFor()
      expect(page.url()).toBe(`${server.address}/#/settings`)
      expect(await keyOf(page)).toBe(key)
      expect(await page.context().cookies(), 'a cookie would go to every port').toEqual([])
      await withPage(async (other) => {
        await other.goto(address)
        await isRefused(other, 'The address of this window was already used')
      })
    }))

  it('is told what to do when its ticket has expired, or when it has none', async () => {
    const late = server.newWindowAddress(0)
    await withPage(async (page) => {
      await page.goto(late)
      await isRefused(page, 'The address of this window has expired.')
      expect(await keyOf(page)).toBeNull()
    })
    await withPage(async (page) => {
      await page.goto(server.address)
      await isRefused(page, 'this window was opened without a valid link')
    })
  })

  it('lets another tab of the same browser in, also one that was refused before it', () =>
    withPage(async (refused, context) => {
      await refused.goto(`${server.address}/#/runs`)
      await isRefused(refused, '')
      const page = await context.newPage()
      await page.goto(server.windowAddress)
      await isIn(page)
      await isIn(refused)
      await refused.getByText(REFUSED).waitFor({ state: 'detached' })

      // Like a middle click, from which the new tab inherits nothing.
      const [opened] = await Promise.all([
        context.waitForEvent('page'),
        page.getByRole('link', { name: 'Settings' }).click({ button: 'middle' }),
      ])
      await opened.getByRole('heading', { name: 'Settings' }).first().waitFor()
      await opened.getByText(REFUSED).waitFor({ state: 'detached' })
      expect(new URL(opened.url()).origin).toBe(server.address)
    }))

  it('gives nothing away to a server of another port, which gets all cookies of this machine', () =>
    withPage(async (page, context) => {
      await page.goto(server.windowAddress)
      await isIn(page)
      const heard: string[] = []
      const other = createServer((request, response) => {
        heard.push(JSON.stringify(request.headers))
        response
          .setHeader('Content-Type', 'text/html')
          .end('<script>new BroadcastChannel("retrace.key").postMessage({kind:"wanted"})</script>')
      })
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
      const stranger = await context.newPage()
      await stranger.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)
      expect(heard.length).toBeGreaterThan(0)
      expect(heard.join()).not.toContain((await keyOf(page))!)
      expect(await keyOf(stranger)).toBeNull()
      other.close()
    }))

  it('reaches the API only with the key of its tab', () =>
    withPage(async (page) => {
      await page.goto(server.windowAddress)
      await isIn(page)
      const opens = (protocols: string): Promise<boolean> =>
        page.evaluate<boolean>(
          `new Promise((resolve) => { const socket = new WebSocket('ws://' + location.host + '/api', ${protocols}); socket.onopen = () => resolve(true); socket.onclose = () => resolve(false) })`,
        )
      expect(await opens("['retrace']")).toBe(false)
      expect(await opens("['retrace', 'key.' + sessionStorage.getItem('retrace.key')]")).toBe(true)
      const status = await page.evaluate<number>("fetch('/session').then(({ status }) => status)")
      expect(status).toBe(401)
    }))
})

/** A process and all of its descendants. */
function familyOf(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
    try {
      // The name of the program, in brackets, may contain spaces.
      parents.set(Number(name), Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1]))
    } catch {
      // The process has ended meanwhile.
    }
  const family = [pid]
  for (const member of family) for (const [child, parent] of parents) if (parent === member) family.push(child)
  return family
}

/** Whether a process is running; zombies, in state Z, are not. */
function isRunning(pid: number): boolean {
  try {
    return !/^[ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!)
  } catch {
    return false
  }
}

function procText(pid: number, what: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

describe.skipIf(noBrowser ?? (process.platform === 'linux' ? null : 'processes are read from /proc'))(
  'the browser that the workbench starts',
  () => {
    let folder: string
    let server: ChildProcess | undefined
    let browser: Browser | undefined
    const processes = new Set<number>()

    afterAll(async () => {
      for (const pid of server?.exitCode === null ? familyOf(server.pid!) : []) processes.add(pid)
      await browser?.close()
      if (server && server.exitCode === null) {
        server.kill('SIGTERM')
        await once(server, 'exit')
      }
      // The helper processes of a browser outlive it by a moment, in which they still write to its profile. Chromium occasionally does not
      // respond to SIGTERM at all, which is not a fault of the workbench.
      const remaining = (): number[] => [...processes].filter(isRunning)
      await vi
        .waitUntil(() => remaining().length === 0, { timeout: 15_000 })
        .catch(() => {
          for (const pid of remaining()) process.kill(pid, 'SIGKILL')
        })
      await vi.waitUntil(() => remaining().length === 0, { timeout: 15_000 })
      removeFolder(folder)
    }, 60_000)

    it('opens the workbench, and finds no secret among arguments and in the history that opens anything', async () => {
      const { server: entry } = await builtWorkbench()
      folder = mkdtempSync(join(tmpdir(), 'retrace-e2e-'))
      const home = join(folder, 'home')
      // The real browser, without a screen and with access for the test.
      const wrapper = join(folder, 'browser')
      writeFileSync(wrapper, `#!/bin/sh\nexec "${browserPath}" --headless=new --disable-gpu --remote-debugging-port=0 "$@"\n`)
      chmodSync(wrapper, 0o755)
      server = spawn(process.execPath, [entry, '--port', '0', '--home', home], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, DISPLAY: ':0', RETRACE_BROWSER: wrapper },
      })
      const seen = { cmdline: new Set<string>(), environ: new Set<string>() }
      const look = (): void => {
        for (const pid of familyOf(server!.pid!)) {
          processes.add(pid)
          for (const what of ['cmdline', 'environ'] as const) seen[what].add(procText(pid, what))
        }
      }
      const watching = setInterval(look, 20)

      const profile = join(home, 'window')
      await expect.poll(() => existsSync(join(profile, 'DevToolsActivePort')), { timeout: 60_000 }).toBe(true)
      const [port] = readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n')
      browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`)
      const page = (): Page => browser!.contexts()[0]!.pages()[0]!
      await expect.poll(() => page().url(), { timeout: 30_000 }).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#\/runs$/)
      await page().getByText('No runs yet').waitFor()
      clearInterval(watching)
      look()

      const { address, token } = readHostRecord(home)!
      const key = (await keyOf(page()))!
      expect([...seen.cmdline].some((line) => line.includes('--app=file://'))).toBe(true)
      const lines = [...seen.cmdline, ...seen.environ].join('\n')
      for (const secret of [token, key, 'ticket=']) expect(lines).not.toContain(secret)
      if (process.platform === 'linux') expect(statSync(join(home, 'window.html')).mode & 0o777).toBe(0o600)

      // The addresses left in the history and in the page are spent.
      await browser.close()
      copyFileSync(join(profile, 'Default', 'History'), join(folder, 'history.sqlite'))
      const history = await openDriver(join(folder, 'history.sqlite'))
      const addresses = (history.prepare('SELECT url FROM urls').all() as { url: string }[]).map(({ url }) => url)
      history.close()
      const page0 = /url=(\S+)"/.exec(readFileSync(join(home, 'window.html'), 'utf8'))![1]!
      for (const one of [page0, ...addresses.filter((url) => url.startsWith(address))]) {
        const answer = await fetch(one)
        expect(await answer.text(), one).not.toContain('retrace-key')
      }
      expect(addresses.join('\n')).not.toContain(key)

      server.kill('SIGTERM')
      await once(server, 'exit')
      expect(existsSync(join(home, 'window.html'))).toBe(false)
    }, 180_000)
  },
)
