import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import type { RunDetail } from '../../src-main/contract/runs.js'
import { openBackend, type Backend } from '../fixtures/backend.js'
import type { Alerts } from '../../src-main/features/home/alerts.js'
import { DiskGuard, type Reserve } from '../../src-main/features/home/disk-guard.js'
import type { HomeDisk } from '../../src-main/features/home/home-disk.js'
import type { SettingsStore } from '../../src-main/features/home/settings.js'
import type { RunControl } from '../../src-main/features/runs/control/run-control.js'
import type { Clock } from '../../src-main/features/shared/clock.js'
import { openHomeDisk } from '../../src-main/storage/home-disk.js'
import { fakeCatalogue, fakeImporter } from '../fixtures/fake-ports.js'
import { armFullDisk } from '../fixtures/full-disk.js'
import { temporaryFolder } from '../fixtures/home.js'

const TRAINER = resolve(import.meta.dirname, '../fixtures/fake-trainer.mjs')

/** Free bytes besides the reserve; every write of the database fails if there are none. */
let free = Infinity
let folder: ReturnType<typeof temporaryFolder>
let backend: Backend
let faults: unknown[]
let disarm: () => void

const reserve = (): string => join(folder.path, 'reserve')
const left = (): number => free + (existsSync(reserve()) ? 0 : 8 * 2 ** 20)

async function open(disk?: HomeDisk): Promise<void> {
  faults = []
  backend = await openBackend({
    home: folder.path,
    trainerEntry: TRAINER,
    hostKind: 'server',
    catalogue: fakeCatalogue,
    importer: fakeImporter(),
    environment: () => ({ FAKE_TRAINER: JSON.stringify({ stepMs: 5, trace: join(folder.path, 'trace') }) }),
    fault: (error) => faults.push(error),
    disk,
  })
}

async function until(id: string, condition: (run: RunDetail) => boolean): Promise<RunDetail> {
  for (;;) {
    const run = await backend.services.runs.get({ id })
    if (condition(run)) return run
    await sleep(20)
  }
}

beforeEach(async () => {
  free = Infinity
  folder = temporaryFolder()
  disarm = await armFullDisk(() => left() <= 0)
  await open()
})
afterEach(async () => {
  free = Infinity
  await backend.close()
  disarm()
  folder[Symbol.dispose]()
})

describe('a full disk', () => {
  it('pauses runs with a checkpoint, and can be cleaned up', async () => {
    const { runs, storage, alerts } = backend.services
    expect(statSync(reserve()).size).toBe(8 * 2 ** 20)
    const { id } = await runs.create({ preset: 'small', dataset: 'digits', overrides: { steps: 1_000_000 } })
    await until(id, ({ step }) => step >= 25)
    free = 0
    const paused = await until(id, ({ status }) => status === 'paused')
    expect(existsSync(reserve())).toBe(false)
    expect(paused.reason).toBe('The disk is full. Free some space, then resume the run.')
    expect(paused.checkpoints.at(-1)).toMatchObject({ kind: 'pause', step: paused.step })
    const series = (await runs.series({ id })).series[0]!
    expect([...unpackPoints(series.points).steps]).toEqual(Array.from({ length: paused.step }, (_, i) => i + 1))
    expect((await alerts.list()).alerts[0]).toMatchObject({
      kind: 'diskFull',
      message: expect.stringMatching(/is full\. A run was paused\./),
    })

    expect((await storage.usage()).total).toBeGreaterThan(0)
    const { items } = await storage.clean({ dryRun: false })
    expect(items.length).toBeGreaterThan(0)
    await runs.remove({ id })
  })

  it('that has no room left at all is told from memory, ends nothing, and what waited is kept when there is room', async () => {
    const { runs, alerts } = backend.services
    const { changes } = await backend.features()
    const { id } = await runs.create({ preset: 'small', dataset: 'digits', overrides: { steps: 1_000_000 } })
    await until(id, ({ step }) => step >= 25)
    const heard: string[] = []
    const controller = new AbortController()
    const listening = (async () => {
      for await (const { change } of changes.subscribe({ since: null, detailOf: [], signal: controller.signal }))
        if (change.kind === 'alert') heard.push(change.alert.message)
    })()
    free = -100 * 2 ** 20
    await vi.waitFor(() => expect(heard).toEqual([expect.stringContaining('is full')]), { timeout: 20_000 })
    expect((await alerts.list()).alerts[0]).toMatchObject({ kind: 'diskFull', id: -1 })
    expect((await runs.get({ id })).status).toBe('running')
    free = Infinity
    const paused = await until(id, ({ status }) => status === 'paused')
    const series = (await runs.series({ id })).series[0]!
    expect([...unpackPoints(series.points).steps]).toEqual(Array.from({ length: paused.step }, (_, i) => i + 1))
    controller.abort()
    await listening
  })

  it('is no reason not to open the home', async () => {
    const { id } = await backend.services.runs.create({ preset: 'small', dataset: 'digits', overrides: { steps: 5 } })
    await until(id, ({ status }) => status === 'finished')
    await backend.close()
    free = 0
    await open({ ...openHomeDisk(folder.path), space: () => ({ free: Math.max(0, left()), total: 2 ** 40 }) })
    await backend.services.runs.remove({ id })
    expect((await backend.services.alerts.list()).alerts[0]).toMatchObject({ kind: 'diskFull' })
  })

  it('stays full where giving the reserve up is what makes room', () => {
    const MIB = 2 ** 20
    let held = true
    const reserve: Reserve = {
      bytes: 8 * MIB,
      get held() {
        return held
      },
      onFull: null,
      keep: () => (held = true),
      release: () => {
        const was = held
        held = false
        return was
      },
    }
    const holds: boolean[] = []
    const looks: (() => void)[] = []
    const guard = new DiskGuard({
      reserve,
      disk: { space: () => ({ free: 23 * MIB - (held ? reserve.bytes : 0), total: 2 ** 40 }) } as HomeDisk,
      clock: { after: (_, callback) => (looks.push(callback), () => undefined) } as Clock,
      settings: { get: () => 0 } as unknown as SettingsStore,
      alerts: { raiseOnce: () => undefined, keepUnsaved: () => undefined } as unknown as Alerts,
      control: { hold: (_: string, on: boolean) => holds.push(on), pauseAll: () => 0 } as unknown as RunControl,
      fault: (error) => expect.unreachable(String(error)),
    })
    guard.start()
    for (let i = 0; i < 4; i++) looks.at(-1)!()
    expect(holds).toEqual([true])
    expect(held).toBe(false)
    guard.close()
  })
})
