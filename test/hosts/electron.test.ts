import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { IPC } from '../../src-main/contract/bridge.js'
import { createBridge } from '../../src-main/hosts/electron/bridge.js'
import { findHost } from '../../src-main/hosts/discovery.js'
import { pageHandler } from '../../src-main/hosts/electron/page-protocol.js'
import { runShell } from '../../src-main/hosts/electron/shell.js'
import { openHost } from '../../src-main/hosts/host.js'
import { connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { FakeElectronIpc } from '../fixtures/fake-electron-ipc.js'
import { FakeElectron, type FakeWindow } from '../fixtures/fake-electron.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { playedBackend, type PlayedHome } from '../fixtures/played-home.js'
import { temporaryFolder } from './temporary.js'

const RUN = { preset: 'hamiltonian-quick', dataset: 'mnist' }

interface Launched {
  electron: FakeElectron
  services: PlayedHome
  window: FakeWindow
  ended: Promise<number>
  notes: string[]
  /** The process is asked to end from outside. */
  signal(): void
  home: string
  closed: ReturnType<typeof vi.fn>
}

async function launch(changes: { home?: string; electron?: FakeElectron } = {}): Promise<Launched> {
  const electron = changes.electron ?? new FakeElectron()
  const home = changes.home ?? temporaryFolder()
  const services = await homeOfTest({ host: 'electron' })
  const notes: string[] = []
  const closed = vi.fn()
  let signal = (): void => undefined
  const page = join(home, 'page')
  mkdirSync(page, { recursive: true })
  writeFileSync(join(page, 'index.html'), 'page')
  const ended = runShell(electron.api, {
    home: { folder: home, chosen: true },
    openBackend: async () => ({ ...services.api, close: async () => void closed() }),
    page,
    preload: '/out/preload/preload.cjs',
    icon: '/resources/icon.png',
    end: new Promise<void>((resolve) => (signal = resolve)),
    note: (line) => notes.push(line),
  })
  onTestFinished(async () => {
    signal()
    await ended
  })
  await vi.waitFor(() => expect(electron.windows[0]?.loaded ?? electron.errors[0] ?? notes[0]).toBeTruthy())
  // The shell continues once the page has loaded.
  await new Promise((resolve) => setImmediate(resolve))
  return { electron, services, window: electron.windows[0]!, ended, notes, signal: () => signal(), home, closed }
}

describe('the bridge', () => {
  it('asks for a place and gives each asker its own answer', async () => {
    const electron = new FakeElectronIpc()
    const { choosePath } = createBridge(electron.ipcRenderer, () => '')
    const answers = new Map([
      ['a', '/chosen/a'],
      ['b', null],
    ])
    electron.ipcMain.on(IPC.choose, (_event, id: number, suggested: string) => electron.page.send(IPC.chosen, id, answers.get(suggested)))
    expect(await Promise.all(['a', 'b', 'a'].map((name) => choosePath!(name)))).toEqual(['/chosen/a', null, '/chosen/a'])
  })
})

describe('the Electron shell', () => {
  it('shows one sandboxed window with the page of its own scheme', async () => {
    const { electron, window } = await launch()
    expect(electron.schemes).toMatchObject([{ scheme: 'app', privileges: { standard: true, secure: true } }])
    expect(window.loaded).toBe('app://retrace/')
    expect(window.visible).toBe(true)
    expect(window.options.webPreferences).toMatchObject({
      preload: '/out/preload/preload.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    })
    expect(electron.handlers.has('app')).toBe(true)
  })

  it('keeps the page where it is', async () => {
    const { window } = await launch()
    const { webContents } = window
    for (const url of ['https://example.org/', 'file:///etc/passwd', 'app://other/', 'app://retrace.evil/', 'javascript:alert(1)'])
      for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate']) expect(webContents.navigates(url, event)).toBe(false)
    expect(webContents.navigates('app://retrace/runs')).toBe(true)
    expect(webContents.openHandler!({ url: 'https://example.org' })).toEqual({ action: 'deny' })
    expect(webContents.navigates('', 'will-attach-webview')).toBe(false)
  })

  it('grants no permission but notifications, and lets no request leave the machine', async () => {
    const { electron } = await launch()
    for (const permission of ['media', 'geolocation', 'clipboard-read', 'hid']) expect(electron.grants(permission)).toBe(false)
    expect(electron.grants('notifications')).toBe(true)
    for (const url of ['https://example.org/x.js', 'http://127.0.0.1:80/', 'ws://example.org', 'file:///etc/passwd', 'app://other/'])
      expect(electron.requests(url)).toBe(false)
    for (const url of ['app://retrace/assets/index.js', 'data:image/png;base64,AA==', 'blob:app://retrace/1'])
      expect(electron.requests(url)).toBe(true)
  })

  it('answers its own page over IPC, and no other frame', async () => {
    const { electron, window } = await launch()
    const { webContents } = window
    const ask = (senderFrame: unknown): void => {
      const event = { sender: webContents, senderFrame }
      electron.ipcMain.emit(IPC.open, event, 1)
      electron.ipcMain.emit(IPC.toMain, event, 1, JSON.stringify({ id: 1, method: 'query', params: { path: 'system.info', input: {} } }))
    }
    // A frame inside the page, another site's page, and a removed frame.
    ask({ url: 'app://retrace/', parent: {} })
    ask({ url: 'https://example.org/', parent: null })
    ask({ url: 'app://retrace.example/', parent: null })
    ask(null)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(webContents.sent).toEqual([])
    ask({ url: 'app://retrace/runs', parent: null })
    await vi.waitFor(() => expect(webContents.sent).toHaveLength(1))
    expect(webContents.sent[0]).toEqual([IPC.toPage, 1, expect.stringContaining('"host":"electron"')])
  })

  it('has files written in its folder for exports, and where its user said in the dialog of the system', async () => {
    const { electron, window, services, home } = await launch()
    const { id } = await services.runs.create(RUN)
    const { webContents } = window
    const event = { sender: webContents, senderFrame: { url: 'app://retrace/', parent: null } }
    electron.ipcMain.emit(IPC.open, event, 1)
    let calls = 0
    const write = async (path: string): Promise<string> => {
      const input = { json: { id, path, format: 'archive' } }
      webContents.sent.length = 0
      electron.ipcMain.emit(
        IPC.toMain,
        event,
        1,
        JSON.stringify({ id: ++calls, method: 'mutation', params: { path: 'runs.exportFile', input } }),
      )
      await vi.waitFor(() => expect(webContents.sent).toHaveLength(1))
      return String(webContents.sent[0]![2])
    }
    const ask = async (from: unknown, suggested: string): Promise<unknown> => {
      webContents.sent.length = 0
      electron.ipcMain.emit(IPC.choose, from, 7, suggested)
      await new Promise((resolve) => setTimeout(resolve, 20))
      return webContents.sent[0]
    }
    const place = join(temporaryFolder(), 'elsewhere.tar.gz')
    expect(await write('mine.tar.gz')).toContain(JSON.stringify(join(home, 'exports', 'mine.tar.gz')))
    expect(await write(place)).toContain('Windows can only write files below')

    electron.place = place
    expect(await ask({ ...event, senderFrame: { url: 'https://example.org/', parent: null } }, 'x'), 'another page').toBeUndefined()
    expect(await write(place)).toContain('Windows can only write files below')
    expect(await ask(event, '../../mine.tar.gz')).toEqual([IPC.chosen, 7, place])
    expect(electron.suggested).toEqual([join(home, 'exports', '..-..-mine.tar.gz')])
    expect(await write(place)).toContain(JSON.stringify(place))
    expect(await write(`${place}x`)).toContain('Windows can only write files below')
    electron.place = null
    expect(await ask(event, 'x')).toEqual([IPC.chosen, 7, null])
  })

  it('serves commands beside its window', async () => {
    const { home } = await launch()
    const record = await findHost(home)
    expect(record).toMatchObject({ kind: 'electron', lasting: true })
    const { client, close } = connectWebSocket(record!.address, record!.token)
    expect((await client.system.info.query()).host).toBe('electron')
    await close()
  })

  it('is one a home: a second one brings the first to the front', async () => {
    const first = await launch()
    const second = new FakeElectron()
    second.isFirst = false
    const { ended, notes } = await launch({ home: first.home, electron: second })
    expect(await ended).toBe(0)
    expect(second.windows).toEqual([])
    expect(second.paths).toEqual(first.electron.paths)
    expect(notes).toEqual(['The workbench is already open. Its window was brought to the front.'])

    first.window.minimized = true
    first.electron.app.emit('second-instance')
    expect(first.window).toMatchObject({ minimized: false, visible: true, focused: 1 })
  })

  it('explains why it cannot start, and ends with status 1', async () => {
    const home = temporaryFolder()
    const found = await openHost({
      home: { folder: home, chosen: true },
      kind: 'server',
      lasting: true,
      openBackend: () => playedBackend(),
      page: null,
      port: 0,
      onDefect: () => undefined,
    })
    if (!('opened' in found)) throw new Error('the home is held already')
    const { electron, ended } = await launch({ home })
    expect(await ended).toBe(1)
    expect(electron.errors[0]).toMatch(/is already running as a local server \(process \d+\) at http:\/\/127.0.0.1:\d+\. Use its window/)
    expect(electron.windows).toEqual([])
    await found.opened.close()
  })

  it('loads a page anew that has crashed', async () => {
    const { window } = await launch()
    window.webContents.emit('render-process-gone', {}, { reason: 'oom' })
    expect(window.reloads).toBe(1)
  })
})

describe('quitting', () => {
  it('asks nothing when nothing runs', async () => {
    const { electron, window, ended, closed, home } = await launch()
    expect(window.close()).toBe(false)
    expect(await ended).toBe(0)
    expect(electron.dialogs).toEqual([])
    expect(closed).toHaveBeenCalledOnce()
    expect(window.destroyed).toBe(true)
    expect(existsSync(join(home, 'host.json'))).toBe(false)
  })

  it('asks while a run is going, once, and stays when told so', async () => {
    const { electron, services, window, closed } = await launch()
    await services.runs.create({ ...RUN, name: 'long one' })
    electron.answer = 2
    window.close()
    window.close()
    electron.app.emit('before-quit', { preventDefault: () => undefined })
    await vi.waitFor(() => expect(electron.dialogs).toHaveLength(1))
    expect(electron.dialogs[0]).toMatchObject({
      message: 'The run "long one" is still active.',
      buttons: expect.arrayContaining(['Stop and quit']),
    })
    expect(window.visible).toBe(true)
    expect(closed).not.toHaveBeenCalled()
  })

  it('goes on in the background and comes back', async () => {
    const { electron, services, window, closed, home } = await launch()
    await services.runs.create(RUN)
    electron.answer = 1
    window.close()
    await vi.waitFor(() => expect(window.visible).toBe(false))
    expect(window.destroyed).toBe(false)
    expect(closed).not.toHaveBeenCalled()
    expect(await findHost(home)).not.toBeNull()
    electron.app.emit('second-instance')
    expect(window.visible).toBe(true)
  })

  it('stops the runs and quits', async () => {
    const { electron, services, window, ended, closed } = await launch()
    await services.runs.create(RUN)
    electron.answer = 0
    window.close()
    expect(await ended).toBe(0)
    expect(closed).toHaveBeenCalledOnce()
  })

  it('asks nobody when the operating system ends it', async () => {
    const { electron, services, ended, signal, closed } = await launch()
    await services.runs.create(RUN)
    signal()
    expect(await ended).toBe(0)
    expect(electron.dialogs).toEqual([])
    expect(closed).toHaveBeenCalledOnce()
  })
})

describe("the window's place", () => {
  it('is kept over a restart', async () => {
    const home = temporaryFolder()
    const first = await launch({ home })
    first.window.bounds = { x: 100, y: 50, width: 1000, height: 700 }
    first.window.maximized = true
    first.window.close()
    await first.ended
    const { window } = await launch({ home })
    expect(window.options).toMatchObject({ x: 100, y: 50, width: 1000, height: 700 })
    expect(window.maximized).toBe(true)
  })

  it('is written a moment after it moved', async () => {
    const { window, home } = await launch()
    window.bounds = { x: 7, y: 8, width: 900, height: 600 }
    window.emit('move')
    await vi.waitFor(() => expect(JSON.parse(readFileSync(join(home, 'window.json'), 'utf8'))).toMatchObject({ x: 7, y: 8 }), {
      timeout: 2000,
    })
  })

  it.each([
    ['on a display that is gone', { x: 3000, y: 100, width: 1000, height: 700, maximized: false }],
    ['above every display', { x: 0, y: -500, width: 1000, height: 700, maximized: false }],
  ])('is left to the system when it was %s', async (_name, state) => {
    const home = temporaryFolder()
    writeFileSync(join(home, 'window.json'), JSON.stringify(state))
    const { window } = await launch({ home })
    expect(window.options).toMatchObject({ width: 1000, height: 700 })
    expect(window.options.x).toBeUndefined()
  })

  it.each(['', '{"x": 1', '{"x":0,"y":0,"width":-5,"height":1e9,"maximized":true}'])(
    'is the usual one when %j was stored',
    async (text) => {
      const home = temporaryFolder()
      writeFileSync(join(home, 'window.json'), text)
      const { window } = await launch({ home })
      expect(window.options).toMatchObject({ width: 1440, height: 900 })
    },
  )
})

describe("the page's own scheme", () => {
  const folder = (): string => {
    const page = join(temporaryFolder(), 'page')
    mkdirSync(join(page, 'assets'), { recursive: true })
    writeFileSync(join(page, 'index.html'), 'page')
    writeFileSync(join(page, 'assets', 'a.js'), 'run()')
    writeFileSync(join(page, '..', 'secret.js'), 'secret')
    return page
  }

  it('serves the page for its routes and files with their types, under a strict policy', async () => {
    const get = pageHandler(folder())
    for (const path of ['/', '/runs', '/runs/abc']) {
      const response = await get({ url: `app://retrace${path}`, method: 'GET' })
      expect(await response.text()).toBe('page')
      expect(response.headers.get('content-type')).toMatch(/^text\/html/)
      expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self';/)
    }
    const script = await get({ url: 'app://retrace/assets/a.js', method: 'GET' })
    expect([await script.text(), script.headers.get('content-type')]).toEqual(['run()', 'text/javascript; charset=utf-8'])
  })

  it.each([
    ['app://retrace/../secret.js', 'GET', [403, 404]],
    ['app://retrace/..%2fsecret.js', 'GET', [403]],
    ['app://retrace/%2e%2e/secret.js', 'GET', [403, 404]],
    ['app://retrace/%00.js', 'GET', [403]],
    ['app://retrace/%.js', 'GET', [400]],
    ['app://retrace/none.js', 'GET', [404]],
    ['app://other/index.html', 'GET', [403]],
    ['file:///etc/passwd', 'GET', [403]],
    ['app://retrace/', 'POST', [405]],
  ])('refuses %s by %s', async (url, method, statuses) => {
    const response = await pageHandler(folder())({ url, method })
    expect(statuses).toContain(response.status)
    expect(await response.text()).not.toBe('secret')
  })
})
