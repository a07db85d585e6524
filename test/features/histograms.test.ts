import { expect, it } from 'vitest'
import { floatsFromBase64 } from '../../src-main/contract/base64.js'
import { keptHistograms, unpackHistograms } from '../../src-main/contract/histograms.js'
import { openSession } from '../fixtures/session.js'

const parts = [
  { kind: 'weights' as const, most: 0.5, depths: [1, 2] },
  { kind: 'activations' as const, most: 3, depths: [2] },
]

it('histograms of a run are stored and listed by step, fewer of the earlier ones where there are many, and those after a resumed step go', async () => {
  using session = await openSession({})
  const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
  const { events } = session.trainers.at(-1)!
  events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
  const report = (step: number): void =>
    void events.report({
      kind: 'histograms',
      step,
      bins: 2,
      parts,
      values: Float32Array.of(0.25, 0.75, 0.1, 0.2, 1, 0, 0, NaN, 0, 1, 2, step),
    })
  report(0)
  report(10)
  const { histograms, seq } = await session.services.runs.histograms({ id })
  expect(histograms.map(({ step }) => step)).toEqual([0, 10])
  expect(histograms[1]).toMatchObject({ runId: id, bins: 2, parts })
  expect([...floatsFromBase64(histograms[1]!.values)].at(-1)).toBe(10)
  const units = unpackHistograms(histograms[1]!)
  expect(units.map(({ kind, depth, most, shares }) => [kind, depth, most, ...shares])).toEqual([
    ['weights', 1, 0.5, 0.25, 0.75],
    ['weights', 2, 0.5, 1, 0],
    ['activations', 2, 3, 0, 1],
  ])
  expect(units.map(({ deviation }) => deviation)).toEqual([Math.fround(0.2), NaN, 10])
  // Only clients that watch the run receive them.
  const kinds = (detailOf: string[]) => session.stores.journal.after(0, { detailOf, limit: 1000 }).map(({ change }) => change.kind)
  expect(kinds([id]).filter((kind) => kind === 'histograms')).toHaveLength(2)
  expect(kinds([])).not.toContain('histograms')
  expect(seq).toBe(session.stores.journal.last())

  const most = keptHistograms(12 * 4)
  for (let step = 11; step <= 10 + 2 * most; step++) report(step)
  const kept = (await session.services.runs.histograms({ id })).histograms.map(({ step }) => step)
  expect(kept.length).toBeLessThanOrEqual(most)
  expect(kept.length).toBeGreaterThanOrEqual(most / 2)
  expect(kept.at(-1)).toBe(10 + 2 * most)

  session.stores.histograms.truncateAfter(id, 100)
  expect((await session.services.runs.histograms({ id })).histograms.every(({ step }) => step <= 100)).toBe(true)
})

it('keeps 4 MiB of a run, but never fewer than 16 steps nor more than 256', () => {
  expect([48, 18_576, 500_000].map(keptHistograms)).toEqual([256, 225, 16])
})
