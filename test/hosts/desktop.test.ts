import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { archivesIn, overallProgress } from '../../src-main/hosts/electron/desktop.js'
import { runShell } from '../../src-main/hosts/electron/shell.js'
import { FakeElectron } from '../fixtures/fake-electron.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { temporaryFolder } from './temporary.js'

const RUN = { preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 200 } }

async function launch(files: readonly string[] = []) {
  const electron = new FakeElectron()
  const home = temporaryFolder()
  const services = await homeOfTest({ host: 'electron' })
  const page = join(home, 'page')
  mkdirSync(page, { recursive: true })
  writeFileSync(join(page, 'index.html'), 'page')
  const notes: string[] = []
  const closed = vi.fn()
  let signal = (): void => undefined
  const ended = runShell(electron.api, {
    home: { folder: home, chosen: true },
    openBackend: async () => ({ ...services.api, close: async () => void closed() }),
    page,
    preload: '/preload.cjs',
    icon: '/icon.png',
    files,
    end: new Promise<void>((resolve) => (signal = resolve)),
    note: (line) => notes.push(line),
  })
  onTestFinished(async () => {
    signal()
    await ended
    expect(notes).toEqual([])
  })
  await vi.waitFor(() => expect(electron.powerMonitor.listenerCount('suspend')).toBe(1))
  return { electron, services, window: electron.windows[0]!, ended, closed, home }
}

it('runs pause before the machine sleeps and go on afterwards', async () => {
  const { electron, services } = await launch()
  const { id } = await services.runs.create(RUN)
  const status = async (): Promise<string> => (await services.runs.get({ id })).status
  electron.powerMonitor.emit('suspend')
  await expect.poll(status).toBe('paused')
  electron.powerMonitor.emit('resume')
  await expect.poll(status).toBe('running')
})

it('the end of the session closes everything without a question, and notes what goes on at the next start', async () => {
  const { electron, services, ended, closed } = await launch()
  const { id } = await services.runs.create(RUN)
  const preventDefault = vi.fn()
  electron.powerMonitor.emit('shutdown', { preventDefault })
  expect(await ended).toBe(0)
  expect([preventDefault.mock.calls.length, closed.mock.calls.length, electron.dialogs]).toEqual([1, 1, []])
  expect(services.features.ports.settings.get('runs.leftBySession')).toEqual([id])
})

it('links of notes open in the browser of the user, after a question, and nothing else does', async () => {
  const { electron, window } = await launch()
  const { openHandler } = window.webContents
  electron.answer = 1
  expect(openHandler!({ url: 'https://example.org/a' })).toEqual({ action: 'deny' })
  await expect.poll(() => electron.dialogs.length).toBe(1)
  electron.answer = 0
  openHandler!({ url: 'https://example.org/b' })
  await expect.poll(() => electron.opened).toEqual(['https://example.org/b'])
  openHandler!({ url: 'file:///etc/passwd' })
  openHandler!({ url: 'javascript:alert(1)' })
  expect([electron.dialogs.length, electron.opened.length]).toEqual([2, 1])
})

it('while runs go on without a window, an icon in the tray brings it back', async () => {
  const { electron, services, window } = await launch()
  await services.runs.create(RUN)
  // Keep running in the background.
  electron.answer = 1
  expect(window.close()).toBe(false)
  await expect.poll(() => [...(electron.tray?.keys() ?? [])]).toEqual(['Open Retrace', 'Quit'])
  expect(window.visible).toBe(false)
  electron.tray!.get('Open Retrace')!()
  expect([window.visible, electron.tray]).toEqual([true, null])
})

it('an archive with which it is started becomes a run, and what is none is explained', async () => {
  const other = await homeOfTest()
  const run = await other.runs.create({ ...RUN, name: 'brought' })
  other.advance(3)
  await other.runs.stop({ id: run.id })
  await expect.poll(async () => (await other.runs.get({ id: run.id })).status).toBe('stopped')
  const folder = temporaryFolder()
  const path = join(folder, 'brought.retrace.tar.gz')
  await other.runs.exportFile({ id: run.id, path, format: 'archive' })
  const { electron, services, window, home } = await launch([path])
  await expect.poll(() => window.loaded).toMatch(/#\/runs\/[a-z0-9]+$/)
  expect((await services.runs.list()).runs.map(({ name }) => name)).toEqual(['brought'])
  const broken = join(home, 'broken.retrace')
  writeFileSync(broken, 'nothing')
  electron.app.emit('second-instance', {}, ['retrace', '--flag', 'broken.retrace', 'notes.txt'], home)
  await expect.poll(() => electron.errors.length).toBe(1)
  expect(archivesIn(['--x.retrace', 'none.retrace', 'broken.retrace'], home)).toHaveLength(1)
})

it('the taskbar shows how far all runs are together, and nothing where none trains', async () => {
  const home = await homeOfTest()
  const list = () => home.features.ports.runs.list()
  expect(overallProgress(list())).toBe(-1)
  await home.runs.create(RUN)
  await home.runs.create({ ...RUN, overrides: { steps: 100 } })
  home.advance(60)
  expect(overallProgress(list())).toBeCloseTo(120 / 300, 5)
})
