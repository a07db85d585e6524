import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConfigTable } from '../../src-main/contract/run-table.js'
import { unpackRuns } from '../../src-main/contract/run-table.js'
import { openSession } from '../fixtures/session.js'

const REQUEST = { preset: 'small', dataset: 'digits' }

describe('views of the table of runs', () => {
  it('are stored by name, published to every window, changed and removed', async () => {
    using session = await openSession()
    const seq = session.stores.journal.last()
    const filters = [{ key: 'config.h', operator: 'atMost' as const, values: ['0.1'] }]
    const saved = await session.services.runViews.save({
      name: ' small h ',
      view: { columns: ['name', 'config.h'], filters, group: 'config.arch' },
    })
    expect(saved).toMatchObject({ name: 'small h', view: { columns: ['name', 'config.h'], filters, sort: [], text: '', archived: false } })
    const renamed = await session.services.runViews.save({ id: saved.id, name: 'smaller', view: saved.view })
    await session.crash()
    expect((await session.services.runViews.list()).views).toEqual([renamed])
    await session.services.runViews.remove({ id: saved.id })
    expect((await session.services.runViews.list()).views).toEqual([])
    expect(await session.services.runViews.restore({ id: saved.id })).toEqual(renamed)
    expect((await session.services.runViews.list()).views).toEqual([renamed])
    await session.services.runViews.remove({ id: saved.id })
    const told = session.stores.journal.after(seq, { detailOf: [], limit: 100 }).map(({ change }) => change.kind)
    expect(told.filter((kind) => kind.startsWith('runView'))).toEqual(['runView', 'runView', 'runViewRemoved', 'runView', 'runViewRemoved'])
    await expect(session.services.runViews.remove({ id: saved.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('the table of runs', () => {
  it('packs every visible run into one text, including values that are not numbers', async () => {
    using session = await openSession()
    const { id } = await session.services.runs.create({ ...REQUEST, name: 'first' })
    await session.services.runs.create({ ...REQUEST, name: 'second' })
    session.stores.runs.update(id, {
      activeSeconds: 0.1 + 0.2,
      tags: ['a', 'b "c"'],
      pinned: true,
      latest: { 'train/loss': NaN, 'test/loss': -Infinity, 'test/accuracy': 0.1 },
    })
    const { rows, seq } = await session.services.runs.table()
    const list = await session.services.runs.list()
    expect(unpackRuns(rows)).toEqual(list.runs)
    expect(seq).toBe(list.seq)
  })

  it('has a column for every value of every configuration', async () => {
    using session = await openSession()
    const ids: string[] = []
    for (let run = 0; run < 3; run++)
      ids.push((await session.services.runs.create({ ...REQUEST, overrides: { learningRate: run === 2 ? 0.5 : 0.25, seed: run } })).id)
    const read = async (some?: string[]): Promise<ConfigTable> =>
      JSON.parse((await session.services.runs.configs({ ids: some })).columns) as ConfigTable
    const all = await read()
    const column = (key: string) => all.columns.find((each) => each.key === key)
    expect(all.ids).toEqual(ids)
    expect(column('learningRate')).toEqual({ key: 'learningRate', values: [0.25, 0.5], codes: [0, 0, 1] })
    expect(column('seed')).toEqual({ key: 'seed', values: [0, 1, 2], codes: [0, 1, 2] })
    expect(column('augment.flip')?.codes).toBeNull()
    expect(column('stages.0.units')?.values).toEqual([expect.any(Number)])
    await session.services.runs.remove({ id: ids[1]! })
    expect((await read()).ids).toEqual([ids[0], ids[2]])
    expect((await read([ids[2]!])).columns.find(({ key }) => key === 'learningRate')).toMatchObject({ values: [0.5], codes: null })
  })
})

describe('the best value of a metric', () => {
  const points = (values: readonly number[]) => ({
    steps: Float64Array.from(values, (_, i) => i + 1),
    values: Float64Array.from(values),
    times: Float64Array.from(values, (_, i) => i),
  })

  it('is stored with each report, only from finite values of validation metrics', async () => {
    using session = await openSession()
    const { id } = await session.services.runs.create(REQUEST)
    const { events } = session.trainers[0]!
    events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
    const report = (key: string, values: readonly number[]): void =>
      void events.report({ kind: 'points', step: 4, activeSeconds: 1, medianStepSeconds: 0.1, series: [{ key, ...points(values) }] })
    report('validation/accuracy', [0.2, 0.9, NaN, 0.5])
    report('validation/loss', [3, 2, Infinity, 2.5])
    report('test/accuracy', [0.2, 0.8, 0.3])
    report('train/loss', [3, 1, 2])
    report('train/learningRate', [0.1, 0.2])
    expect(await session.services.runs.get({ id })).toMatchObject({
      latest: { 'validation/accuracy': 0.5, 'test/accuracy': 0.3 },
      best: { 'validation/accuracy': 0.9, 'validation/loss': 2 },
    })
    const best = { 'validation/accuracy': 0.9, 'validation/loss': 2 }
    expect(unpackRuns((await session.services.runs.table()).rows)[0]?.best).toEqual(best)
  })

  it('equals the best of all stored points, wherever the series is truncated', () => {
    const value = fc.oneof(fc.double({ min: -10, max: 10, noNaN: true }), fc.constantFrom(NaN, Infinity, -Infinity))
    return fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 40 }), fc.integer({ min: 0, max: 200 }), async (values, keep) => {
        using session = await openSession()
        const { id } = await session.services.runs.create(REQUEST)
        const { series } = session.stores
        // More than one batch of them.
        const many = Array.from({ length: 150 }, () => values).flat()
        series.append(id, 'validation/loss', points(many))
        series.append(id, 'test/loss', points(many))
        series.truncateAfter(id, keep * values.length)
        const kept = many.slice(0, keep * values.length).filter(Number.isFinite)
        expect(series.best(id)).toEqual(kept.length > 0 ? { 'validation/loss': Math.min(...kept) } : {})
      }),
      { numRuns: 15 },
    )
  })
})
