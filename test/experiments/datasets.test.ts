import { describe, expect, it } from 'vitest'
import type { Task } from '../../src-main/contract/changes.js'
import { openSession, type Session } from '../fixtures/session.js'

const tasks = (session: Session): Task[] =>
  session.stores.journal.after(0, { detailOf: [], limit: 1000 }).flatMap(({ change }) => (change.kind === 'task' ? [change.task] : []))

describe('data sets', () => {
  it('that come along are there from the first start, and made once', async () => {
    using session = await openSession()
    expect((await session.services.datasets.list()).map(({ name }) => name)).toEqual(['digits'])
    await session.crash()
    await session.services.datasets.list()
    expect(session.importer.made).toEqual(['digits'])
  })

  it('that come along stay removed until someone asks for them', async () => {
    using session = await openSession()
    await session.services.datasets.remove('digits')
    await session.crash()
    expect(await session.services.datasets.list()).toEqual([])
    await session.services.runs.create({ preset: 'small', dataset: 'digits' })
    expect((await session.services.datasets.list()).map(({ name }) => name)).toEqual(['digits'])
    expect(session.importer.made).toEqual(['digits', 'digits'])
  })

  it('are imported as a task with progress', async () => {
    using session = await openSession()
    const dataset = await session.services.datasets.import({ path: 'quick', name: 'mine', taskId: 'task1' })
    expect(dataset.name).toBe('mine')
    expect(
      tasks(session)
        .filter(({ id }) => id === 'task1')
        .map(({ state }) => state),
    ).toEqual(['running', 'done'])
    expect(await session.services.datasets.verify('mine')).toEqual({ ok: true, problems: [] })
    await expect(session.services.datasets.import({ path: 'quick', name: 'mine' })).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('say why an import failed, and can be cancelled', async () => {
    using session = await openSession()
    await expect(session.services.datasets.import({ path: 'damaged', taskId: 'a' })).rejects.toThrow('data_batch_3 is missing')
    expect(tasks(session).at(-1)).toMatchObject({ id: 'a', state: 'failed', message: expect.stringContaining('data_batch_3') })
    const going = session.services.datasets.import({ path: 'forever', taskId: 'b' })
    await expect(session.services.datasets.import({ path: 'forever', taskId: 'b' })).rejects.toMatchObject({ code: 'CONFLICT' })
    await session.services.datasets.cancelImport('b')
    await expect(going).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('cancelled') })
    expect(tasks(session).at(-1)).toMatchObject({ id: 'b', state: 'cancelled' })
    await expect(session.services.datasets.cancelImport('b')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('end their imports when the back end closes, and tell of those that a crash cut off', async () => {
    using session = await openSession()
    const going = session.services.datasets.import({ path: 'forever', taskId: 'b' })
    const refused = expect(going).rejects.toThrow('cancelled')
    await session.experiments.close(1000)
    await refused
    session.stores.journal.append({ kind: 'task', task: { id: 'c', title: 't', state: 'running', progress: 0, message: '' } })
    await session.crash()
    expect(
      tasks(session)
        .filter(({ id }) => id === 'c')
        .at(-1),
    ).toMatchObject({ state: 'failed', message: expect.stringContaining('closed') })
    expect(
      tasks(session)
        .filter(({ id }) => id === 'b')
        .at(-1),
    ).toMatchObject({ state: 'cancelled' })
  })

  it('are not removed under a run', async () => {
    using session = await openSession()
    const run = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
    await expect(session.services.datasets.remove('digits')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(run.id),
    })
    await expect(session.services.datasets.remove('none')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('whose folders were finished right before a crash are found again', async () => {
    using session = await openSession()
    await session.crash({ datasetFolders: ['digits', 'kept'] })
    expect((await session.services.datasets.list()).map(({ name }) => name)).toEqual(['digits', 'kept'])
  })
})
