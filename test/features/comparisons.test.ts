import { describe, expect, it } from 'vitest'
import { openSession } from '../fixtures/session.js'

describe('named comparisons', () => {
  it('are stored with their view, published to every window, changed and removed', async () => {
    using session = await openSession()
    const seq = session.stores.journal.last()
    const saved = await session.services.comparisons.save({
      name: ' depth ',
      view: { runs: ['abcd', 'efgh'], group: 'seeds', baseline: 'abcd' },
    })
    expect(saved).toMatchObject({ name: 'depth', view: { runs: ['abcd', 'efgh'], group: 'seeds', center: 'mean', spread: 'deviation' } })
    session.clock.advance?.(1000)
    const renamed = await session.services.comparisons.save({ id: saved.id, name: 'width', view: { runs: ['abcd'] } })
    expect(renamed).toMatchObject({ id: saved.id, createdAt: saved.createdAt, view: { runs: ['abcd'], group: 'none' } })
    await session.crash()
    expect((await session.services.comparisons.list()).comparisons).toEqual([renamed])
    await session.services.comparisons.remove({ id: saved.id })
    expect((await session.services.comparisons.list()).comparisons).toEqual([])
    const told = session.stores.journal.after(seq, { detailOf: [], limit: 100 }).map(({ change }) => change.kind)
    expect(told.filter((kind) => kind.startsWith('comparison'))).toEqual(['comparison', 'comparison', 'comparisonRemoved'])
    // It can be restored even after a restart, for as long as removed runs can.
    await session.crash()
    expect((await session.services.comparisons.removed()).map(({ comparison }) => comparison)).toEqual([renamed])
    expect(await session.services.comparisons.restore({ id: saved.id })).toEqual(renamed)
    expect((await session.services.comparisons.list()).comparisons).toEqual([renamed])
    await expect(session.services.comparisons.restore({ id: saved.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await session.services.comparisons.remove({ id: saved.id })
    session.clock.advance(25 * 3_600_000)
    expect(await session.services.comparisons.removed()).toEqual([])
    await session.crash()
    await expect(session.services.comparisons.restore({ id: saved.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(session.services.comparisons.remove({ id: saved.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(session.services.comparisons.save({ id: saved.id, name: 'x', view: { runs: [] } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })
})
