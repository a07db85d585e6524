import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { formatBytes } from '../../src-renderer/ui/format.js'
import { temporaryFolder } from '../fixtures/home.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import type { PlayedHome } from '../fixtures/played-home.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'
import type { Alert } from '../../src-main/contract/alerts.js'
import { countKinds, groupAlerts } from '../../src-renderer/app/alert-groups.js'
import { alertTitle } from '../../src-renderer/app/alerts.js'

vi.mock('../../src-renderer/charts/echarts.js', () => import('./support/chart-without-canvas.js'))
vi.setConfig({ testTimeout: 60_000 })

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }
let page: TestWindow | null = null
afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})

const open = async (home: PlayedHome, address: string): Promise<TestWindow> => (page = await openWindow(home, address))
const queue = (): string[] => [...document.querySelectorAll('[data-testid=queue] .name')].map((name) => name.textContent ?? '')

/** One running run, and three queued ones. */
async function queued(): Promise<PlayedHome> {
  const home = await homeOfTest({ concurrentRuns: 1 })
  await home.runs.createSeveral({ request: { ...REQUEST, name: 'h' }, seeds: [1, 2, 3, 4] })
  return home
}

describe('the queue', () => {
  it('is reordered by buttons and by the keyboard, which keeps the focus and says the new place', async () => {
    const home = await queued()
    const { click } = await open(home, '/runs')
    await eventually(() => expect(queue()).toEqual(['h, seed 2', 'h, seed 3', 'h, seed 4']))
    await click('button', /^Move h, seed 4 up$/)
    await eventually(() => expect(queue()).toEqual(['h, seed 2', 'h, seed 4', 'h, seed 3']))
    const row = document.querySelectorAll<HTMLElement>('[data-testid=queue] li')[1]!
    row.focus()
    row.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', altKey: true, bubbles: true }))
    await eventually(() => expect(queue()).toEqual(['h, seed 4', 'h, seed 2', 'h, seed 3']))
    await eventually(() => expect(document.querySelector('.v-snackbar[role=alert]')?.textContent).toMatch(/position 1 of 3/))
    await eventually(() => expect(document.activeElement?.textContent).toContain('h, seed 4'))
  })

  it('gives a run away', async () => {
    const home = await queued()
    const { click } = await open(home, '/runs')
    await click('button', /^Remove h, seed 3 from the queue$/)
    await eventually(() => expect(queue()).toEqual(['h, seed 2', 'h, seed 4']))
  })

  it('is filled with a run a seed by the form', async () => {
    const home = await homeOfTest()
    await open(home, '/new')
    const field = await eventually(() => {
      const found = document.querySelector<HTMLInputElement>('#seeds')
      if (!found) throw new Error('no field for the seeds')
      return found
    })
    const type = (text: string): void => {
      field.value = text
      field.dispatchEvent(new Event('input', { bubbles: true }))
    }
    type('5-3')
    await eventually(() => expect(document.querySelector('[data-field=seeds] .problem')?.textContent).toMatch(/must be ascending/))
    type('3-5')
    await eventually(() => expect(document.querySelector('[data-testid=start]')?.textContent).toMatch(/Queue 3 runs/))
    await eventually(() => expect(document.querySelector<HTMLButtonElement>('[data-testid=start]')?.disabled).toBe(false))
    document.querySelector<HTMLElement>('[data-testid=start]')!.click()
    await eventually(async () => expect((await home.runs.list()).runs.map(({ seed }) => seed)).toEqual([5, 4, 3]))
  })
})

/** Four runs that have ended. */
async function ended(): Promise<PlayedHome> {
  const home = await homeOfTest()
  const runs = await home.runs.createSeveral({ request: { ...REQUEST, name: 'h' }, seeds: [1, 2, 3, 4] })
  await home.runs.bulk({ ids: runs.map(({ id }) => id), action: 'stop' })
  return home
}

describe('marking and removing', () => {
  it('works on all chosen runs, and a removal can be undone', async () => {
    const home = await ended()
    const { click, text } = await open(home, '/runs')
    await click('thead input[type=checkbox]')
    await eventually(() => expect(document.querySelector('[data-testid=bulk]')?.textContent).toContain('4 selected'))
    await click('[data-testid=bulk] button', /^Pin$/)
    await eventually(async () => expect((await home.runs.list()).runs.every(({ pinned }) => pinned)).toBe(true))
    await click('[data-testid=bulk] button', /^Remove$/)
    await eventually(async () => expect((await home.runs.list()).runs).toEqual([]))
    await eventually(() => expect(text()).toContain('4 runs removed.'))
    await click('button', /^Undo$/)
    await eventually(async () => expect((await home.runs.list()).runs).toHaveLength(4))
  })

  it('keeps what a search hides selected, but acts on what it shows', async () => {
    const home = await ended()
    const { click } = await open(home, '/runs')
    await click('thead input[type=checkbox]')
    const selected = (): string | undefined => document.querySelector('[data-testid=bulk] b')?.textContent
    await eventually(() => expect(selected()).toBe('4 selected'))
    const field = document.querySelector<HTMLInputElement>('input[placeholder^="Search"]')!
    const search = (text: string): void => {
      field.value = text
      field.dispatchEvent(new Event('input', { bubbles: true }))
    }
    search('no such run')
    await eventually(() => expect(selected()).toBeUndefined())
    search('seed = 2')
    await eventually(() => expect(selected()).toBe('1 selected'))
    await click('[data-testid=bulk] button', /^Pin$/)
    await eventually(async () => expect((await home.runs.list()).runs.filter(({ pinned }) => pinned).map(({ seed }) => seed)).toEqual([2]))
    search('')
    await eventually(() => expect(selected()).toBe('4 selected'))
    search('seed = 2')
    await eventually(() => expect(selected()).toBe('1 selected'))
    await click('[data-testid=bulk] button', /^Clear selection$/)
    search('')
    await eventually(() => expect(document.querySelectorAll('table .name')).toHaveLength(4))
    expect(selected()).toBeUndefined()
  })

  it('hides archived runs until they are asked for', async () => {
    const home = await ended()
    const [first] = (await home.runs.list()).runs
    await home.runs.edit({ ids: [first!.id], archived: true })
    await open(home, '/runs')
    const names = (): string[] => [...document.querySelectorAll('table .name')].map((name) => name.textContent ?? '')
    await eventually(() => expect(names()).toHaveLength(3))
    const toggle = document.querySelector<HTMLInputElement>('.page-head input[type=checkbox]')!
    toggle.click()
    await eventually(() => expect(names()).toHaveLength(4))
  })

  it('keeps notes and tags of a run', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create(REQUEST)
    const { click, text } = await open(home, `/runs/${id}`)
    await click('[role=tab]', /^Notes/)
    const area = await eventually(() => {
      const found = document.querySelector<HTMLTextAreaElement>('[data-testid=notes] textarea, textarea[data-testid=notes]')
      if (!found || found.disabled) throw new Error('no notes')
      return found
    })
    area.value = 'Learns *well*'
    area.dispatchEvent(new Event('input', { bubbles: true }))
    await click('button', /^Save notes$/)
    await eventually(async () => expect((await home.runs.get({ id })).notes).toBe('Learns *well*'))
    await eventually(() => expect(document.querySelector('[data-testid=rendered] em')?.textContent).toBe('well'))
    await home.runs.setNotes({ id, notes: '<img src=x onerror=alert(1)> ![x](https://example.org/x.png) [a](javascript:alert(1))' })
    await eventually(() => expect(document.querySelector('[data-testid=rendered]')?.textContent).toContain('onerror'))
    expect(document.querySelectorAll('[data-testid=rendered] :is(img, a:not([target=_blank]), a[href^=javascript])')).toHaveLength(0)
    await home.runs.edit({ ids: [id], addTags: ['deep'] })
    await eventually(() => expect(text()).toContain('deep'))
  })
})

describe('a fork', () => {
  it('shows what differs before it is made, and on its own page', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create(REQUEST)
    const { click, text, router } = await open(home, `/runs/${id}`)
    await eventually(() => expect(text()).toContain('Checkpoints (0)'))
    home.advance(40)
    home.checkpoint(id)
    await eventually(() => expect(text()).toContain('Checkpoints (1)'))
    await click('[data-testid=run-menu]')
    await click('.v-list-item', /^Fork/)
    const field = await eventually(() => {
      const found = document.querySelector<HTMLInputElement>('.v-dialog [data-field=h] input')
      expect(found?.value).toBe('0.1')
      return found!
    })
    for (const key of ['arch', 'stages', 'dataset'])
      expect(document.querySelector<HTMLInputElement>(`.v-dialog [data-field=${key}] input`)?.disabled, key).toBe(true)
    expect(document.querySelector('.v-dialog [data-field=stages] .reason')?.textContent).toMatch(/shapes of the weights/)
    field.value = '0.05'
    field.dispatchEvent(new Event('input', { bubbles: true }))
    await eventually(() => expect(document.querySelector('.v-dialog [data-field=h].changed')).not.toBeNull())
    await eventually(() => expect(document.querySelector<HTMLButtonElement>('[data-testid=fork]')?.disabled).toBe(false))
    await eventually(() => expect(document.querySelector('[data-testid=diff] tbody')?.textContent).toMatch(/h0\.10\.05/))
    await click('[data-testid=fork]')
    const child = await eventually(async () => {
      const [newest] = (await home.runs.list()).runs
      expect(newest).toMatchObject({ parentId: id })
      return newest!.id
    })
    await eventually(() => expect(router.currentRoute.value.params['id']).toBe(child))
    await click('[role=tab]', /^Configuration/)
    await eventually(() => expect(document.querySelector('[data-testid=diff] tbody')?.textContent).toMatch(/h0\.10\.05/))
  })
})

describe('the settings', () => {
  it('are changed for every window, and refuse what cannot be', async () => {
    const home = await homeOfTest()
    await open(home, '/settings')
    const field = await eventually(() => {
      const found = document.querySelector<HTMLInputElement>('[data-setting="queue.concurrentRuns"] input')
      if (!found) throw new Error('no field')
      return found
    })
    const type = (text: string): void => {
      field.value = text
      field.dispatchEvent(new Event('input', { bubbles: true }))
    }
    type('3')
    await eventually(async () => expect((await home.settings.get())['queue.concurrentRuns']).toBe(3))
    type('0')
    await eventually(() => expect(document.querySelector('[data-setting="queue.concurrentRuns"] [role=alert]')).not.toBeNull())
    expect((await home.settings.get())['queue.concurrentRuns']).toBe(3)
  })
})

describe('alerts', () => {
  it('are counted, shown, and read when the list is closed', async () => {
    const home = await homeOfTest()
    const run = await home.runs.create({ ...REQUEST, name: 'mine' })
    const { click, text } = await open(home, '/settings')
    const bell = () => document.querySelector('[data-testid=alerts]')?.getAttribute('aria-label')
    await eventually(() => expect(bell()).toBe('Alerts'))
    home.features.alerts.raise({ kind: 'failed', level: 'error', runId: run.id, message: 'mine has failed: it died' })
    home.features.alerts.raise({ kind: 'finished', level: 'info', runId: null, message: 'other has finished' })
    await eventually(() => expect(bell()).toBe('Alerts (2 new)'))
    expect(text()).toContain('mine has failed: it died')
    await click('[data-testid=alerts]')
    await eventually(() => expect(document.querySelectorAll('[role=dialog] li.unread')).toHaveLength(2))
    await click('[role=dialog] a', /Open run/)
    await eventually(() => expect(bell()).toBe('Alerts'))
    await eventually(() => expect(page!.router.currentRoute.value.path).toBe(`/runs/${run.id}`))
    expect((await home.alerts.list()).alerts.every(({ read }) => read)).toBe(true)
  })

  it('of a study are together, with those that matter most first, and crashes before all that went well', () => {
    const alert = (id: number, kind: Alert['kind'], level: Alert['level'], runId: string | null, read = false): Alert => ({
      id, at: id, kind, level, runId, message: `${kind} ${id}`, read,
    }) // prettier-ignore
    const alerts = [
      alert(1, 'failed', 'error', 'run1', true),
      alert(2, 'finished', 'info', 'run2'),
      alert(3, 'diverged', 'error', 'run3'),
      alert(4, 'failed', 'error', 'run4'),
      alert(5, 'finished', 'info', 'alone'),
      alert(6, 'diskLow', 'warn', null),
    ]
    const groups = groupAlerts(alerts, (id) => (id === 'alone' ? null : 'study1'))
    expect(groups.map(({ studyId, alerts: some }) => [studyId, some.map(({ id }) => id)])).toEqual([
      ['study1', [4, 3, 2, 1]],
      [null, [6]],
      [null, [5]],
    ])
    expect(countKinds(groups[0]!.alerts, alertTitle)).toBe('Run failed: 2, Run diverged: 1, Run finished: 1')
  })

  it('that could not be stored are shown from memory, once, and give way to those that were stored after them', async () => {
    const home = await homeOfTest()
    const { click, text } = await open(home, '/settings')
    const bell = () => document.querySelector('[data-testid=alerts]')?.getAttribute('aria-label')
    await eventually(() => expect(bell()).toBe('Alerts'))
    const full = { kind: 'diskFull', level: 'error', runId: null, message: 'The disk is full.' } as const
    home.publish({ kind: 'alert', alert: { ...full, id: -1, at: Date.UTC(2026, 0, 1), read: false } })
    await eventually(() => expect(bell()).toBe('Alerts (1 new)'))
    expect(text()).toContain('The disk is full.')
    await click('[data-testid=alerts]')
    await eventually(() => expect(document.querySelectorAll('[role=dialog] li')).toHaveLength(1))
    // Stored later with a number of its own: the same alert is not shown twice.
    home.features.alerts.raise({ ...full, message: 'The disk is full, and that is stored.' })
    await eventually(() => expect(document.querySelector('[role=dialog] ul')?.textContent).toContain('that is stored'))
    expect(bell()).toBe('Alerts (1 new)')
    expect(document.querySelectorAll('[role=dialog] li')).toHaveLength(1)
  })

  it('of a lost home are said on every page for as long as it is', async () => {
    const home = await homeOfTest()
    const message = 'The home folder /a was moved to /b while Retrace was using it: nothing is stored any more.'
    home.features.alerts.raise({ kind: 'homeLost', level: 'error', runId: null, message })
    await open(home, '/datasets')
    await eventually(() => expect(document.querySelector('[data-testid=lost-home]')?.textContent).toContain(message))
  })

  it('become notifications of the system only when asked for and allowed, while the window is not looked at', async () => {
    const made: string[] = []
    class FakeNotification {
      static permission: NotificationPermission = 'default'
      static requests = 0
      static async requestPermission(): Promise<NotificationPermission> {
        FakeNotification.requests++
        return (FakeNotification.permission = 'granted')
      }
      onclick: (() => void) | null = null
      constructor(title: string) {
        made.push(title)
      }
    }
    vi.stubGlobal('Notification', FakeNotification)
    const focus = vi.spyOn(document, 'hasFocus').mockReturnValue(false)
    const home = await homeOfTest()
    const { click } = await open(home, '/settings')
    const fail = () => home.features.alerts.raise({ kind: 'failed', level: 'error', runId: null, message: `failed ${Math.random()}` })
    fail()
    await eventually(() => expect(document.querySelector('[data-testid=alerts]')?.getAttribute('aria-label')).toBe('Alerts (1 new)'))
    expect([made.length, FakeNotification.requests]).toEqual([0, 0])
    await click('[data-testid=alerts]')
    await click('[role=dialog] input[type=checkbox]')
    await eventually(() => expect(FakeNotification.requests).toBe(1))
    fail()
    await eventually(() => expect(made).toEqual(['Run failed']))
    focus.mockReturnValue(true)
    fail()
    await eventually(() => expect(document.querySelectorAll('[role=dialog] li')).toHaveLength(3))
    expect(made).toHaveLength(1)
    vi.unstubAllGlobals()
    focus.mockRestore()
  })
})

describe('the use of the disk', () => {
  it('is shown, and a clean-up says what it would delete before it does', async () => {
    const home = await homeOfTest()
    const { disk, files } = home.features.ports
    vi.spyOn(disk, 'space').mockReturnValue({ free: 100 * 2 ** 30, total: 500 * 2 ** 30 })
    const { id } = await home.runs.create({ ...REQUEST, name: 'big', overrides: { steps: 10 } })
    home.advance(5)
    home.checkpoint(id)
    home.advance(5)
    // No process has such an id.
    const left = join(files.home, '.restore-unpacking-999999999-ab')
    mkdirSync(left)
    writeFileSync(join(left, 'half'), Buffer.alloc(2 ** 20))
    const hoursAgo = Date.now() / 1000 - 2 * 3600
    utimesSync(join(left, 'half'), hoursAgo, hoursAgo)
    utimesSync(left, hoursAgo, hoursAgo)
    const steps = async (): Promise<number[]> => (await home.runs.get({ id })).checkpoints.map(({ step }) => step)
    const { click, text } = await open(home, '/settings')
    await eventually(() => expect(text()).toMatch(/100.* of 500.* free/))
    expect(text()).toMatch(/\.restore-unpacking-999999999-ab\s*left by a restore that was interrupted 2 h ago/)
    await click('[data-testid=storage] button', /Clean up/)
    await eventually(() => expect(document.querySelector('[data-testid=plan]')?.textContent).toMatch(/big.*step 5/))
    expect(await steps()).toEqual([5, 10])
    await click('[data-testid=confirm]')
    await eventually(async () => expect(await steps()).toEqual([10]))
  })

  it('is restored from a back-up after a question that says what is replaced', async () => {
    const restart = vi.fn<() => void>()
    const home = await homeOfTest({ ports: { restart } })
    const folder = temporaryFolder()
    onTestFinished(() => folder[Symbol.dispose]())
    await home.runs.create(REQUEST)
    const file = join(folder.path, 'monday.tar')
    await home.storage.backup({ file })
    const { files, bytes } = await home.storage.inspectBackup({ file })
    const { click, text } = await open(home, '/settings')
    const field = await eventually(() => {
      const found = document.querySelector<HTMLInputElement>('[data-testid=restore] input')
      expect(found).not.toBeNull()
      return found!
    })
    field.value = file
    field.dispatchEvent(new Event('input'))
    await eventually(() => expect(document.querySelector('[data-testid=restore] button:not([disabled])')).not.toBeNull())
    await click('[data-testid=restore] button', /Restore/)
    await eventually(() =>
      expect(text()).toContain(
        `contains ${files} files (${formatBytes(bytes)}). It replaces everything in this home: 1 run and 1 data set`,
      ),
    )
    expect(restart).not.toHaveBeenCalled()
    await click('[data-testid=confirm]')
    await eventually(() => expect(restart).toHaveBeenCalledOnce())
    await eventually(() => expect(text()).toMatch(new RegExp(`is kept in ${home.features.ports.files.home}\\S*before-restore`)))
  })
})
