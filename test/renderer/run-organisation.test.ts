import { afterEach, describe, expect, it, vi } from 'vitest'
import { FakeServices } from '../fixtures/fake-services.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

vi.mock('../../src-renderer/charts/echarts.js', async () => {
  const { defineComponent, h } = await import('vue')
  return { VChart: defineComponent({ props: { option: { type: Object, required: true } }, setup: () => () => h('canvas') }) }
})
vi.setConfig({ testTimeout: 60_000 })

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }
let page: TestWindow | null = null
afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})

const open = async (fake: FakeServices, address: string): Promise<TestWindow> => (page = await openWindow(fake, address))
const queue = (): string[] => [...document.querySelectorAll('[data-testid=queue] .name')].map((name) => name.textContent ?? '')

async function queued(): Promise<FakeServices> {
  const fake = new FakeServices()
  await fake.runs.createSeveral({ ...REQUEST, name: 'h' }, [1, 2, 3, 4])
  return fake
}

describe('the queue', () => {
  it('is reordered by buttons and by the keyboard, which keeps the focus and says the new place', async () => {
    const fake = await queued()
    const { click } = await open(fake, '/runs')
    await eventually(() => expect(queue()).toEqual(['h, seed 2', 'h, seed 3', 'h, seed 4']))
    await click('button', /^Move h, seed 4 up$/)
    await eventually(() => expect(queue()).toEqual(['h, seed 2', 'h, seed 4', 'h, seed 3']))
    const row = document.querySelectorAll<HTMLElement>('[data-testid=queue] li')[1]!
    row.focus()
    row.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', altKey: true, bubbles: true }))
    await eventually(() => expect(queue()).toEqual(['h, seed 4', 'h, seed 2', 'h, seed 3']))
    await eventually(() => expect(document.querySelector('.v-snackbar[role=alert]')?.textContent).toMatch(/number 1 of 3/))
    await eventually(() => expect(document.activeElement?.textContent).toContain('h, seed 4'))
  })

  it('gives a run away', async () => {
    const fake = await queued()
    const { click } = await open(fake, '/runs')
    await click('button', /^Take h, seed 3 out of the queue$/)
    await eventually(() => expect(queue()).toEqual(['h, seed 2', 'h, seed 4']))
  })

  it('is filled with a run a seed by the form', async () => {
    const fake = new FakeServices()
    await open(fake, '/new')
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
    await eventually(() => expect(document.querySelector('[data-field=seeds] .problem')?.textContent).toMatch(/does not rise/))
    type('3-5')
    await eventually(() => expect(document.querySelector('[data-testid=start]')?.textContent).toMatch(/Queue 3 runs/))
    await eventually(() => expect(document.querySelector<HTMLButtonElement>('[data-testid=start]')?.disabled).toBe(false))
    document.querySelector<HTMLElement>('[data-testid=start]')!.click()
    await eventually(async () => expect((await fake.runs.list()).runs.map(({ seed }) => seed)).toEqual([3, 4, 5]))
  })
})

describe('marking and removing', () => {
  it('works on all chosen runs, and a removal can be undone', async () => {
    const fake = await queued()
    const { click, text } = await open(fake, '/runs')
    await click('thead input[type=checkbox]')
    await eventually(() => expect(document.querySelector('[data-testid=bulk]')?.textContent).toContain('4 chosen'))
    await click('[data-testid=bulk] button', /^Pin$/)
    await eventually(async () => expect((await fake.runs.list()).runs.every(({ pinned }) => pinned)).toBe(true))
    await click('[data-testid=bulk] button', /^Remove$/)
    await eventually(async () => expect((await fake.runs.list()).runs).toEqual([]))
    await eventually(() => expect(text()).toContain('4 runs were removed.'))
    await click('button', /^Undo$/)
    await eventually(async () => expect((await fake.runs.list()).runs).toHaveLength(4))
  })

  it('hides archived runs until they are asked for', async () => {
    const fake = await queued()
    const [first] = (await fake.runs.list()).runs
    await fake.runs.edit({ ids: [first!.id], archived: true })
    await open(fake, '/runs')
    const names = (): string[] => [...document.querySelectorAll('table .name')].map((name) => name.textContent ?? '')
    await eventually(() => expect(names()).toHaveLength(3))
    const toggle = document.querySelector<HTMLInputElement>('.page-head input[type=checkbox]')!
    toggle.click()
    await eventually(() => expect(names()).toHaveLength(4))
  })

  it('keeps notes and tags of a run', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create(REQUEST)
    const { click, text } = await open(fake, `/runs/${id}`)
    await click('[role=tab]', /^Notes/)
    const area = await eventually(() => {
      const found = document.querySelector<HTMLTextAreaElement>('[data-testid=notes] textarea, textarea[data-testid=notes]')
      if (!found || found.disabled) throw new Error('no notes')
      return found
    })
    area.value = 'Learns *well*'
    area.dispatchEvent(new Event('input', { bubbles: true }))
    await click('button', /^Save the notes$/)
    await eventually(async () => expect((await fake.runs.get(id)).notes).toBe('Learns *well*'))
    await eventually(() => expect(document.querySelector('[data-testid=rendered] em')?.textContent).toBe('well'))
    await fake.runs.setNotes(id, '<img src=x onerror=alert(1)> ![x](https://example.org/x.png) [a](javascript:alert(1))')
    await eventually(() => expect(document.querySelector('[data-testid=rendered]')?.textContent).toContain('onerror'))
    expect(document.querySelectorAll('[data-testid=rendered] :is(img, a:not([target=_blank]), a[href^=javascript])')).toHaveLength(0)
    await fake.runs.edit({ ids: [id], addTags: ['deep'] })
    await eventually(() => expect(text()).toContain('deep'))
  })
})

describe('a fork', () => {
  it('shows what differs before it is made, and on its own page', async () => {
    const fake = new FakeServices()
    const { id } = await fake.runs.create(REQUEST)
    const checkpoint = { runId: id, step: 40, file: 'f', kind: 'schedule' as const, bytes: 1, createdAt: 1, metrics: {}, weightsHash: 'w' }
    const { click, text, router } = await open(fake, `/runs/${id}`)
    await eventually(() => expect(text()).toContain('Checkpoints (0)'))
    fake.publish({ kind: 'checkpoint', checkpoint })
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
    await eventually(async () => expect((await fake.runs.list()).runs[1]).toMatchObject({ parentId: id }))
    const [, child] = (await fake.runs.list()).runs
    await eventually(() => expect(router.currentRoute.value.params['id']).toBe(child!.id))
    await click('[role=tab]', /^Configuration/)
    await eventually(() => expect(document.querySelector('[data-testid=diff] tbody')?.textContent).toMatch(/h0\.10\.05/))
  })
})

describe('the settings', () => {
  it('are changed for every window, and refuse what cannot be', async () => {
    const fake = new FakeServices()
    await open(fake, '/settings')
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
    await eventually(async () => expect((await fake.settings.get())['queue.concurrentRuns']).toBe(3))
    type('0')
    await eventually(() => expect(document.querySelector('[data-setting="queue.concurrentRuns"] [role=alert]')).not.toBeNull())
    expect((await fake.settings.get())['queue.concurrentRuns']).toBe(3)
  })
})

describe('alerts', () => {
  it('are counted, shown, and read when the list is closed', async () => {
    const fake = new FakeServices()
    const run = await fake.runs.create({ ...REQUEST, name: 'mine' })
    const { click, text } = await open(fake, '/settings')
    const bell = () => document.querySelector('[data-testid=alerts]')?.getAttribute('aria-label')
    await eventually(() => expect(bell()).toBe('Alerts'))
    fake.raise({ kind: 'failed', level: 'error', runId: run.id, message: 'mine has failed: it died' })
    fake.raise({ kind: 'finished', level: 'info', runId: null, message: 'other has finished' })
    await eventually(() => expect(bell()).toBe('Alerts (2 new)'))
    expect(text()).toContain('mine has failed: it died')
    await click('[data-testid=alerts]')
    await eventually(() => expect(document.querySelectorAll('[role=dialog] li.unread')).toHaveLength(2))
    await click('[role=dialog] a', /Show the run/)
    await eventually(() => expect(bell()).toBe('Alerts'))
    await eventually(() => expect(page!.router.currentRoute.value.path).toBe(`/runs/${run.id}`))
    expect((await fake.alerts.list()).alerts.every(({ read }) => read)).toBe(true)
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
    const fake = new FakeServices()
    const { click } = await open(fake, '/settings')
    const fail = () => fake.raise({ kind: 'failed', level: 'error', runId: null, message: `failed ${Math.random()}` })
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
    const fake = new FakeServices()
    fake.disk.used.runs.push({ id: 'run00001', name: 'big', removed: false, checkpoints: 5 * 2 ** 30, logs: 0, weights: 0 })
    const item = {
      runId: 'run00001',
      runName: 'big',
      path: 'runs/run00001/checkpoints/a',
      bytes: 2 ** 30,
      what: 'checkpoint at step 5 (schedule)',
    }
    fake.disk.plan = { items: [item], bytes: 2 ** 30 }
    const { click, text } = await open(fake, '/settings')
    await eventually(() => expect(text()).toMatch(/100.* of 500.* are free/))
    await click('[data-testid=storage] button', /Clean up/)
    await eventually(() => expect(document.querySelector('[data-testid=plan]')?.textContent).toMatch(/big.*step 5/))
    expect(fake.disk.cleaned).toBe(0)
    await click('[data-testid=confirm]')
    await eventually(() => expect(fake.disk.cleaned).toBe(1))
  })

  it('is restored from a back-up after a question that says what is replaced', async () => {
    const fake = new FakeServices()
    await fake.runs.create(REQUEST)
    const { click, text } = await open(fake, '/settings')
    const field = await eventually(() => {
      const found = document.querySelector<HTMLInputElement>('[data-testid=restore] input')
      expect(found).not.toBeNull()
      return found!
    })
    field.value = '/backups/monday.tar'
    field.dispatchEvent(new Event('input'))
    await eventually(() => expect(document.querySelector('[data-testid=restore] button:not([disabled])')).not.toBeNull())
    await click('[data-testid=restore] button', /Restore/)
    await eventually(() =>
      expect(text()).toMatch(/has 12 files, 3\.24.MiB\. It takes the place of everything in this home: 1 run and 1 data set/),
    )
    expect(fake.disk.restored).toEqual([])
    await click('[data-testid=confirm]')
    await eventually(() => expect(fake.disk.restored).toEqual(['/backups/monday.tar']))
    await eventually(() => expect(text()).toContain('is kept in /home/me/retrace.before-restore'))
  })
})
