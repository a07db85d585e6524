import { expect, it } from 'vitest'
import { fromBase64 } from '../../src-main/contract/base64.js'
import { KEPT_REGIONS } from '../../src-main/contract/regions.js'
import { openSession } from '../fixtures/session.js'

it('regions of a run are stored and listed by step, fewer of the earlier ones where there are many, and those after a resumed step go', async () => {
  using session = await openSession({})
  const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
  const { events } = session.trainers.at(-1)!
  events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
  const report = (step: number): void =>
    void events.report({ kind: 'regions', step, size: 2, extent: [-1, 1, -2, 2], predicted: Uint8Array.of(0, 1, 2, step % 256) })
  report(10)
  report(20)
  const { regions, seq } = await session.services.runs.regions({ id })
  expect(regions.map(({ step }) => step)).toEqual([10, 20])
  expect(regions[0]).toMatchObject({ runId: id, size: 2, extent: [-1, 1, -2, 2] })
  expect([...fromBase64(regions[1]!.predicted)]).toEqual([0, 1, 2, 20])
  // Only clients that watch the run receive them.
  const kinds = (detailOf: string[]) => session.stores.journal.after(0, { detailOf, limit: 1000 }).map(({ change }) => change.kind)
  expect(kinds([id]).filter((kind) => kind === 'regions')).toHaveLength(2)
  expect(kinds([])).not.toContain('regions')
  expect(seq).toBe(session.stores.journal.last())

  for (let step = 21; step <= 20 + 2 * KEPT_REGIONS; step++) report(step)
  const kept = (await session.services.runs.regions({ id })).regions.map(({ step }) => step)
  expect(kept.length).toBeLessThanOrEqual(KEPT_REGIONS)
  expect(kept.length).toBeGreaterThanOrEqual(KEPT_REGIONS / 2)
  expect(kept.at(-1)).toBe(20 + 2 * KEPT_REGIONS)
  expect(kept).toEqual([...kept].sort((a, b) => a - b))

  session.stores.regions.truncateAfter(id, 100)
  expect((await session.services.runs.regions({ id })).regions.every(({ step }) => step <= 100)).toBe(true)
})
