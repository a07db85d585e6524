import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { unpackPoints, type Points } from '../../src-main/contract/metrics.js'
import { useDatasets } from '../../src-renderer/home/datasets.js'
import { useFeed } from '../../src-renderer/home/feed.js'
import { useNotices } from '../../src-renderer/home/notices.js'
import { useOpenRun, type OpenRun } from '../../src-renderer/run/open-run.js'
import { useRuns } from '../../src-renderer/home/runs.js'
import { useTasks } from '../../src-renderer/home/tasks.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { PlayedHome } from '../fixtures/played-home.js'
import { storeApp } from './support/app.js'
import { unreliable } from './support/unreliable.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 100_000 } }

/** Lets promises and the app's own delays (a second after an error) run out. */
const settle = async (ms = 0): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const shown = (run: OpenRun): Record<string, Points> => Object.fromEntries([...run.series].map(([key, buffer]) => [key, buffer.toPoints()]))

async function stored(home: PlayedHome, id: string): Promise<Record<string, Points>> {
  const { series } = await home.runs.series({ id })
  return Object.fromEntries(series.map(({ key, points }) => [key, unpackPoints(points)]))
}

describe('an open run', () => {
  it('shows exactly the stored points, whatever is late, cut off, closed, opened again or reset', async () => {
    const event = fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 90 }).map((steps) => ({ kind: 'train' as const, steps })) },
      { weight: 3, arbitrary: fc.constant({ kind: 'settle' as const }) },
      { weight: 2, arbitrary: fc.constantFrom({ kind: 'hold' as const }, { kind: 'release' as const }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          { kind: 'cut' as const },
          { kind: 'reset' as const },
          { kind: 'reopen' as const },
          { kind: 'second' as const },
          { kind: 'resume' as const },
        ),
      },
    )
    await fc.assert(
      // Below, about and above the number of points beyond which a series is loaded in batches.
      fc.asyncProperty(fc.constantFrom(7, 4000, 5000), fc.array(event, { maxLength: 25 }), async (begun, events) => {
        using home = await PlayedHome.open()
        const options = { stretch: 700 }
        const { id } = await home.runs.create(REQUEST)
        const other = await home.runs.create(REQUEST)
        home.advance(begun)
        const wire = unreliable(home)
        const { open } = storeApp(home, wire.client)
        open(() => void useRuns().load())
        let page = open(() => useOpenRun(id, options))
        const extra: { dispose(): void }[] = []
        for (const event of events) {
          if (event.kind === 'train') home.advance(event.steps)
          else if (event.kind === 'settle') await settle(300)
          else if (event.kind === 'hold') wire.hold()
          else if (event.kind === 'release') wire.release()
          else if (event.kind === 'cut') wire.cut()
          else if (event.kind === 'resume') home.truncate(id, Math.floor((await home.runs.get({ id })).step * 0.7))
          else if (event.kind === 'reset') home.publish({ kind: 'reset' })
          else if (event.kind === 'second') {
            const { scope } = open(() => useOpenRun(other.id))
            extra.push({ dispose: () => scope.stop() })
          } else {
            page.scope.stop()
            page = open(() => useOpenRun(id, options))
          }
        }
        wire.releaseAll()
        home.advance(3)
        await settle(5000)
        expect(shown(page.value)).toEqual(await stored(home, id))
        const runs = open(() => useRuns()).value
        expect([...runs.rows].map(({ id: one }) => one).sort()).toEqual([id, other.id].sort())
        expect(runs.byId.get(id)?.step).toBe((await home.runs.get({ id })).step)
        page.scope.stop()
        for (const { dispose } of extra) dispose()
        await settle(100)
      }),
      { numRuns: 60 },
    )
  }, 120_000)

  it('forgets what a resumed run discarded', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create(REQUEST)
    const { open } = storeApp(home)
    open(() => void useRuns().load())
    const { value: run } = open(() => useOpenRun(id))
    await settle()
    home.advance(10)
    await settle()
    home.truncate(id, 6)
    home.addPoints(id, 'train/loss', [
      { step: 7, value: 0.7 },
      { step: 8, value: 0.8 },
    ])
    await settle()
    expect([...(run.series.get('train/loss')?.toPoints().steps ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect([...(run.series.get('train/loss')?.toPoints().values ?? [])].slice(6)).toEqual([0.7, 0.8])
  })

  it('has no series of which nothing is left', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create(REQUEST)
    const { open } = storeApp(home)
    open(() => void useRuns().load())
    const { value: run } = open(() => useOpenRun(id))
    home.advance(80)
    await settle()
    expect([...run.series.keys()]).toContain('test/accuracy')
    home.truncate(id, 40)
    await settle()
    expect(shown(run)).toEqual(await stored(home, id))
    expect([...run.series.keys()]).not.toContain('test/accuracy')
  })

  it('follows its log, its checkpoints, and learns its result when it ends', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, overrides: { steps: 20 } })
    const { open } = storeApp(home)
    open(() => void useRuns().load())
    const { value: run } = open(() => useOpenRun(id))
    await settle()
    home.report(id, { kind: 'log', at: 1, level: 'warn', message: 'reconstruction error above the tolerance' })
    home.advance(10)
    home.checkpoint(id)
    await settle(100)
    expect(run.checkpoints.value.map(({ step }) => step)).toEqual([10])
    expect(run.detail.value?.result).toBeNull()
    home.advance(10)
    await settle(100)
    expect(run.log.value.map(({ message }) => message)).toEqual(['reconstruction error above the tolerance'])
    expect(run.checkpoints.value.map(({ step }) => step)).toEqual([20, 10])
    expect(run.detail.value?.result?.weightsHash).toMatch(/^b+$/)
  })

  it('stops asking for points when its page is left', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create(REQUEST)
    const { open } = storeApp(home)
    open(() => void useRuns().load())
    const { scope, value: run } = open(() => useOpenRun(id))
    await settle()
    home.advance(5)
    await settle()
    scope.stop()
    await settle()
    home.advance(5)
    await settle()
    expect(run.series.get('train/loss')?.length).toBe(5)
    expect(home.subscribers).toBe(1)
  })

  it('says why it cannot be shown', async () => {
    const { open } = storeApp(await homeOfTest())
    open(() => void useRuns().load())
    const { value: run } = open(() => useOpenRun('nosuch'))
    await settle()
    expect(run.error.value).toMatch(/There is no run nosuch/)
  })
})

describe('the table of runs', () => {
  it('is newest first, also where the clock was set back, and follows new, changed, removed and restored runs', async () => {
    const home = await homeOfTest()
    vi.setSystemTime(1000)
    const first = await home.runs.create(REQUEST)
    const { open } = storeApp(home)
    const { value: runs } = open(() => useRuns())
    await runs.load()
    vi.setSystemTime(500)
    const second = await runs.create(REQUEST)
    await settle()
    expect(runs.rows.map(({ id }) => id)).toEqual([second.id, first.id])
    await runs.stop(first.id)
    await settle()
    expect(runs.byId.get(first.id)?.status).toBe('stopped')
    await runs.remove(first.id)
    await settle()
    expect(runs.rows.map(({ id }) => id)).toEqual([second.id])
    await runs.restore(first.id)
    await settle()
    expect(runs.rows.map(({ id }) => id)).toEqual([second.id, first.id])
  })
})

describe('a lost connection', () => {
  it('asks again what was not answered, once it is back', async () => {
    const home = await homeOfTest()
    const { open, connection } = storeApp(home)
    const { value: feed } = open(() => useFeed())
    connection.become('connecting')
    let asked = 0
    const answer = feed.ask(async () => {
      asked += 1
      if (asked === 1) throw new Error('WebSocket closed')
      return 'answer'
    })
    await settle(10_000)
    expect(asked).toBe(1)
    connection.become('open')
    expect(await answer).toBe('answer')
  })

  it('does not ask again what was refused', async () => {
    const home = await homeOfTest()
    const { open, connection } = storeApp(home)
    const { value: feed } = open(() => useFeed())
    await expect(feed.ask(() => connection.client.runs.get.query({ id: 'nosuch' }))).rejects.toThrow(/There is no run/)
  })
})

describe('notices', () => {
  it('say in the back end’s words why an action failed, once', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create(REQUEST)
    const { open } = storeApp(home)
    const { value: runs } = open(() => useRuns())
    const { value: notices } = open(() => useNotices())
    const resume = () => notices.attempt(() => runs.resume(id))
    expect(await resume()).toBeNull()
    await resume()
    expect(notices.queue.map(({ text }) => text)).toEqual([`Run ${id} is already running.`])
    notices.dismiss()
    expect(notices.queue).toEqual([])
  })
})

describe('data sets and tasks', () => {
  it('follow imports and removals', async () => {
    const home = await homeOfTest()
    const { open } = storeApp(home)
    open(() => void useRuns().load())
    const { value: datasets } = open(() => useDatasets())
    const { value: tasks } = open(() => useTasks())
    await datasets.load()
    await settle()
    await datasets.importFrom({ path: '/data/cifar', name: 'cifar', taskId: 'one' })
    await settle()
    expect(datasets.rows.map(({ name }) => name)).toEqual(['cifar', 'mnist'])
    expect(tasks.byId.get('one')).toMatchObject({ state: 'done', progress: 1 })
    await datasets.remove('mnist')
    await settle()
    expect(datasets.rows.map(({ name }) => name)).toEqual(['cifar'])
  })
})
