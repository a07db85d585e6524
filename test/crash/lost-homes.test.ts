import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase } from '../../src-main/storage/database.js'
import { databaseFile } from '../../src-main/storage/home-files.js'
import { createStores } from '../../src-main/storage/stores.js'
import { bundleForNode } from '../fixtures/build.js'
import { temporaryFolder } from '../fixtures/home.js'
import { Life } from './life.js'
import { tally, tortureCases, tortureSeed } from './torture.js'

/**
 * Homes that are moved, or lose their log, at any moment while a run is trained, with hosts that are killed soon after: confirmed changes
 * are at the current location of the home, nothing more is confirmed, nothing is created at its old location, and the run continues without
 * a gap.
 */

const FIXTURES = resolve(import.meta.dirname, '../fixtures')

let program: Awaited<ReturnType<typeof bundleForNode>>
let trainer: Awaited<ReturnType<typeof bundleForNode>>
beforeAll(async () => {
  program = await bundleForNode(join(FIXTURES, 'crash-host.ts'))
  trainer = await bundleForNode(join(FIXTURES, 'recording-trainer.ts'))
}, 120_000)
afterAll(() => {
  program[Symbol.dispose]()
  trainer[Symbol.dispose]()
})

const lostHome = fc.record({
  how: fc.constantFrom('moved' as const, 'log removed' as const),
  afterMs: fc.integer({ min: 0, max: 700 }),
  /** Changes made by users before the loss. */
  names: fc.array(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 }),
  /** Whether the host is killed before its trainer has ended. */
  killedEarly: fc.boolean(),
})

async function stored(home: string, id: string) {
  const db = await openDatabase(databaseFile(home))
  try {
    const stores = createStores(db)
    const steps = [...(stores.series.read(id, ['train/loss'])[0]?.points.steps ?? [])]
    return { name: stores.runs.get(id)?.name, steps, problems: db.problems() }
  } finally {
    db.close()
  }
}

const withoutGap = (steps: readonly number[]): boolean => steps.every((step, index) => step === index + 1)

it.each(fc.sample(lostHome, { seed: tortureSeed(20_180_203), numRuns: tortureCases(3) }))(
  'a home that is $how after $afterMs ms keeps what was confirmed, and confirms nothing more',
  async ({ how, afterMs, names, killedEarly }) => {
    using folder = temporaryFolder()
    const [home, elsewhere] = [join(folder.path, 'home'), join(folder.path, 'elsewhere')]
    mkdirSync(home)
    const first = await Life.begin(program.file, home, { trainer: trainer.file })
    const { id } = await first.call('runs', 'create', { preset: 'small', dataset: 'digits', overrides: { steps: 1_000_000 } })
    await first.until(id, ({ status }) => status === 'running')
    let confirmed = ''
    for (const name of names) confirmed = (await first.call('runs', 'rename', { id, name: name.trim() || 'x' })).name
    await sleep(afterMs)
    if (how === 'moved') renameSync(home, elsewhere)
    else rmSync(`${databaseFile(home)}-wal`)
    const now = how === 'moved' ? elsewhere : home
    await expect(first.call('runs', 'rename', { id, name: 'never confirmed' })).rejects.toThrow('Nothing is stored any more')
    if (!killedEarly) await first.until(id, ({ status }) => status === 'interrupted')
    await first.kill()
    if (how === 'moved') expect(existsSync(home)).toBe(false)

    const next = await Life.begin(program.file, now, { trainer: trainer.file })
    const found = await stored(now, id)
    expect(found).toMatchObject({ name: confirmed, problems: [] })
    expect(withoutGap(found.steps)).toBe(true)
    // Its trainer may still be writing; the next host waits for that.
    const before = await next.until(id, ({ status }) => status === 'interrupted')
    await next.call('runs', 'resume', { id })
    const { step } = await next.until(id, (run) => run.status === 'running' && run.step > before.step + 5)
    const { series } = await next.call('runs', 'series', { id, keys: ['train/loss'] })
    expect(series).toHaveLength(1)
    const kept = await stored(now, id)
    expect(withoutGap(kept.steps)).toBe(true)
    expect(kept.steps.length).toBeGreaterThanOrEqual(step)
    await next.kill()
    tally('homes lost under a host survived', 1)
  },
  60_000,
)
