import { expect, it } from 'vitest'
import { homeOfTest } from '../fixtures/home-of-test.js'

const RUN = { preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 200 } }

it('runs pause when the machine sleeps and go on when it wakes, but not those that their user has paused', async () => {
  const home = await homeOfTest()
  const [going, paused] = [await home.runs.create(RUN), await home.runs.create(RUN)]
  await home.runs.pause({ id: paused.id })
  const status = async (id: string): Promise<string> => (await home.runs.get({ id })).status
  const { interruption } = home.features
  interruption.sleep()
  await expect.poll(() => status(going.id)).toBe('paused')
  const waiting = await home.runs.create(RUN)
  expect(await status(waiting.id)).toBe('queued')
  await interruption.wake()
  await expect.poll(() => status(going.id)).toBe('running')
  await expect.poll(() => status(waiting.id)).toBe('running')
  expect(await status(paused.id)).toBe('paused')
})

it('what the end of a session interrupted goes on at the next start, once, unless it was removed or stopped meanwhile', async () => {
  const home = await homeOfTest()
  const [left, stopped] = [await home.runs.create(RUN), await home.runs.create(RUN)]
  const status = async (id: string): Promise<string> => (await home.runs.get({ id })).status
  await home.runs.pause({ id: left.id })
  await home.runs.stop({ id: stopped.id })
  await expect.poll(() => status(left.id)).toBe('paused')
  await expect.poll(() => status(stopped.id)).toBe('stopped')
  const { ports, interruption } = home.features
  // As `recover` leaves a run whose host has ended.
  ports.runs.update(left.id, { status: 'interrupted' })
  ports.settings.set('runs.leftBySession', ['removed', left.id, stopped.id])
  interruption.start()
  await expect.poll(() => status(left.id)).toBe('running')
  expect(await status(stopped.id)).toBe('stopped')
  await home.runs.pause({ id: left.id })
  await expect.poll(() => status(left.id)).toBe('paused')
  interruption.start()
  expect(await status(left.id)).toBe('paused')
})
