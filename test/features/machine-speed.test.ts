import { expect, it, vi } from 'vitest'
import { SPEED_TASK } from '../../src-main/contract/catalogue.js'
import { fakeDisk } from '../fixtures/fake-ports.js'
import { heldWork } from '../fixtures/held.js'
import { openSession } from '../fixtures/session.js'
import type { SpeedMeter } from '../../src-main/features/runs/machine-speed.js'

const REQUEST = { preset: 'small', dataset: 'digits' }

it('one measurement of the machine runs at a time, as a task that can be cancelled, and never while a run is active', async () => {
  const { held, work } = heldWork<Parameters<SpeedMeter['measure']>[0], undefined>()
  using session = await openSession({ speedMeter: { measure: work } })
  const { catalogue, runs } = session.services
  const told = () =>
    session.stores.journal
      .after(0, { detailOf: [], limit: 1000 })
      .flatMap(({ change }) => (change.kind === 'task' && change.task.id === SPEED_TASK ? [change.task] : []))
  const first = catalogue.measureSpeed()
  await vi.waitFor(() => expect(held).toHaveLength(1))
  await expect(catalogue.measureSpeed()).rejects.toThrow(/Another measurement is in progress/)
  session.clock.advance(1000)
  held[0]!.request.onProgress(0.25, 'measuring a larger workload')
  expect(told().at(-1)).toMatchObject({ kind: 'measurement', state: 'running', progress: 0.25, message: 'measuring a larger workload' })
  await catalogue.cancelMeasurement()
  await expect(first).rejects.toThrow(/was cancelled/)
  expect(told().at(-1)).toMatchObject({ state: 'cancelled' })
  await expect(catalogue.cancelMeasurement()).rejects.toThrow(/already ended/)

  const second = catalogue.measureSpeed()
  await vi.waitFor(() => expect(held).toHaveLength(2))
  held[1]!.answer(undefined)
  await second
  expect(told().at(-1)).toMatchObject({ state: 'done' })

  await runs.create(REQUEST)
  expect(session.trainers).toHaveLength(1)
  await expect(catalogue.measureSpeed()).rejects.toThrow(/A run is active.*Pause it first/)
  expect(held).toHaveLength(2)
})

it.each(['done', 'cancelled'] as const)('a run that is queued during a measurement of the machine starts when that is %s', async (end) => {
  const { held, work } = heldWork<Parameters<SpeedMeter['measure']>[0], undefined>()
  using session = await openSession({ speedMeter: { measure: work } })
  const { catalogue, runs } = session.services
  const measured = catalogue.measureSpeed()
  await vi.waitFor(() => expect(held).toHaveLength(1))
  const { id } = await runs.create(REQUEST)
  expect(session.trainers).toHaveLength(0)
  expect((await runs.get({ id })).status).toBe('queued')
  if (end === 'done') held[0]!.answer(undefined)
  else await catalogue.cancelMeasurement()
  await Promise.allSettled([measured])
  expect(session.trainers.map(({ order }) => order.runId)).toEqual([id])
  await expect(catalogue.measureSpeed()).rejects.toThrow(/A run is active/)
})

it('the end of a measurement does not start runs on a disk that is nearly full', async () => {
  const free = { gib: 100 }
  const { held, work } = heldWork<Parameters<SpeedMeter['measure']>[0], undefined>()
  using session = await openSession({ speedMeter: { measure: work }, disk: fakeDisk(free) })
  const { catalogue, runs } = session.services
  const measured = catalogue.measureSpeed()
  await vi.waitFor(() => expect(held).toHaveLength(1))
  free.gib = 0
  session.clock.advance(10_000)
  const { id } = await runs.create(REQUEST)
  held[0]!.answer(undefined)
  await measured
  expect(session.trainers).toHaveLength(0)
  free.gib = 100
  session.clock.advance(10_000)
  expect(session.trainers.map(({ order }) => order.runId)).toEqual([id])
})
