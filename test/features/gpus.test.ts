import { describe, expect, it } from 'vitest'
import type { Gpu } from '../../src-main/contract/gpus.js'
import { PRESET } from '../fixtures/fake-ports.js'
import { openSession, type PlayedTrainer, type Session } from '../fixtures/session.js'

const gpu = (index: number): Gpu => ({
  index,
  uuid: `GPU-${index}${index}`,
  name: `Model ${index}`,
  memoryMiB: 1000,
  usedMiB: 0,
  utilization: 0,
})

const withGpus = (gpus: Gpu[], usable = true): Promise<Session> =>
  openSession({ gpus: { usable: () => (usable ? gpus : []), look: async () => ({ gpus, usable }) } })

const request = { preset: PRESET.name, dataset: 'digits' }

function end(trainer: PlayedTrainer): void {
  trainer.events.report({ kind: 'ended', outcome: 'stopped', reason: null, result: null })
  trainer.events.exited({ reason: null, overdue: false })
}

describe('the queue of a machine with GPUs', () => {
  it('gives each GPU one run at a time, and lets a run on the processor pass those that wait', async () => {
    using session = await withGpus([gpu(0), gpu(1)])
    const { runs, settings } = session.services
    await settings.update({ 'queue.concurrentRuns': 4 })
    for (let seed = 1; seed <= 3; seed++) await runs.create({ ...request, overrides: { seed } })
    const given = (): (string | null)[] => session.trainers.map(({ order }) => order.device)
    expect(given()).toEqual(['GPU-00', 'GPU-11'])
    const { id } = await runs.create({ ...request, device: 'cpu' })
    expect(given()).toEqual(['GPU-00', 'GPU-11', 'cpu'])
    expect((await runs.get({ id })).environment.device).toBe('cpu')
    end(session.trainers[1]!)
    expect(given().at(-1)).toBe('GPU-11')
  })

  it('waits for the very GPU that a run or the setting asks for, by number or UUID', async () => {
    using session = await withGpus([gpu(0), gpu(1)])
    const { runs, settings } = session.services
    await settings.update({ 'queue.concurrentRuns': 4, 'compute.device': '0' })
    expect((await settings.get())['compute.device']).toBe('GPU-00')
    await runs.create(request)
    await runs.create(request)
    await runs.create({ ...request, device: '1' })
    expect(session.trainers.map(({ order }) => order.device)).toEqual(['GPU-00', 'GPU-11'])
    end(session.trainers[0]!)
    expect(session.trainers.at(-1)!.order.device).toBe('GPU-00')
  })

  it('refuses a GPU that is not there, or that the engine cannot use, and says what there is', async () => {
    using session = await withGpus([gpu(0)])
    await expect(session.services.runs.create({ ...request, device: '3' })).rejects.toThrow(
      /There is no GPU 3\. Choose one of auto, cpu, 0\./,
    )
    await expect(session.services.settings.update({ 'compute.device': 'GPU-99' })).rejects.toThrow(/There is no GPU GPU-99/)
    using slow = await withGpus([gpu(0)], false)
    await expect(slow.services.runs.create({ ...request, device: '0' })).rejects.toThrow(/Model 0.*the engine for GPUs is not set up/)
    await slow.services.runs.create(request)
    expect(slow.trainers[0]!.order.device).toBeNull()
  })

  it('does not let a run whose GPU has gone compute elsewhere', async () => {
    const gpus = [gpu(0)]
    using session = await withGpus(gpus)
    const { runs, settings } = session.services
    await settings.update({ 'queue.concurrentRuns': 1 })
    const { id: first } = await runs.create(request)
    const { id } = await runs.create({ ...request, device: '0' })
    gpus.length = 0
    end(session.trainers[0]!)
    expect((await runs.get({ id: first })).status).toBe('stopped')
    expect(await runs.get({ id })).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/GPU-00.*is not there.*Put it back/) as unknown,
    })
  })
})
