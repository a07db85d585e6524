import { existsSync, mkdirSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import type { Task } from '../../src-main/contract/changes.js'
import { UserError } from '../../src-main/contract/errors.js'
import { sampleDataset } from '../fixtures/records.js'
import { openSession, type Session } from '../fixtures/session.js'

const tasks = (session: Session): Task[] =>
  session.stores.journal.after(0, { detailOf: [], limit: 1000 }).flatMap(({ change }) => (change.kind === 'task' ? [change.task] : []))

describe('data sets', () => {
  it('that are built in exist from the first start, and are made once', async () => {
    using session = await openSession()
    expect((await session.services.datasets.list()).map(({ name }) => name)).toEqual(['digits'])
    await session.crash()
    await session.services.datasets.list()
    expect(session.importer.made).toEqual(['digits'])
  })

  it('that are built in stay removed until someone asks for them', async () => {
    using session = await openSession()
    await session.services.datasets.remove({ name: 'digits' })
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
    expect(await session.services.datasets.verify({ name: 'mine', taskId: 'task2' })).toEqual({ ok: true, problems: [] })
    expect(tasks(session).filter(({ id }) => id === 'task2').map(({ title, state }) => [title, state])).toEqual([
      ['Verifying mine', 'running'],
      ['Verifying mine', 'done'],
    ]) // prettier-ignore
    await expect(session.services.datasets.import({ path: 'quick', name: 'mine' })).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('say why their import failed, which can also be cancelled', async () => {
    using session = await openSession()
    await expect(session.services.datasets.import({ path: 'damaged', taskId: 'a' })).rejects.toThrow('data_batch_3 is missing')
    expect(tasks(session).at(-1)).toMatchObject({ id: 'a', state: 'failed', message: expect.stringContaining('data_batch_3') })
    const going = session.services.datasets.import({ path: 'forever', taskId: 'b' })
    await expect(session.services.datasets.import({ path: 'forever', taskId: 'b' })).rejects.toMatchObject({ code: 'CONFLICT' })
    await session.services.datasets.cancelTask({ taskId: 'b' })
    await expect(going).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('cancelled') })
    expect(tasks(session).at(-1)).toMatchObject({ id: 'b', state: 'cancelled' })
    await expect(session.services.datasets.cancelTask({ taskId: 'b' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('stop being imported when the back end closes; imports that a crash interrupted are reported', async () => {
    using session = await openSession()
    const going = session.services.datasets.import({ path: 'forever', taskId: 'b' })
    const refused = expect(going).rejects.toThrow('cancelled')
    await vi.waitFor(() => expect(tasks(session).at(-1)).toMatchObject({ id: 'b', state: 'running' }))
    await session.opened.close(1000)
    await refused
    session.stores.journal.append({
      kind: 'task',
      task: { id: 'c', kind: 'dataset', title: 't', state: 'running', progress: 0, message: '' },
    })
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

  it('are not removed while a run uses them', async () => {
    using session = await openSession()
    const run = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
    await expect(session.services.datasets.remove({ name: 'digits' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(run.id),
    })
    await expect(session.services.datasets.remove({ name: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('whose folders were completed right before a crash are registered at the next start', async () => {
    using session = await openSession()
    await session.crash({ datasetFolders: ['digits', 'kept'] })
    expect((await session.services.datasets.list()).map(({ name }) => name)).toEqual(['digits', 'kept'])
  })

  it('of an earlier version get the current hash at the next start; damaged ones keep theirs', async () => {
    using session = await openSession()
    for (const name of ['old', 'damaged']) session.stores.datasets.put(sampleDataset(name, { hash: 'ab'.repeat(32) }))
    session.importer.renewHash = async (folder) => {
      if (folder.endsWith('damaged')) throw new UserError('DISK', 'damaged')
      return sampleDataset('old', { hash: '2:new' })
    }
    await session.crash()
    expect((await session.services.datasets.list()).map(({ name, hash }) => [name, hash.slice(0, 5)])).toEqual([
      ['damaged', 'ababa'],
      ['digits', '2:aba'],
      ['old', '2:new'],
    ])
    expect(session.faults).toEqual([])
  })

  it('are renamed with the runs on them, but not while an active run uses them', async () => {
    using session = await openSession()
    const { services } = session
    await services.datasets.import({ path: 'quick', name: 'mine' })
    mkdirSync(session.files.datasetFolder('mine'), { recursive: true })
    const run = await services.runs.create({ preset: 'small', dataset: 'mine' })
    await expect(services.datasets.rename({ name: 'mine', to: 'yours' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(run.id),
    })
    session.trainers.at(-1)!.events.report({ kind: 'ended', outcome: 'finished', reason: null, result: null })
    session.trainers.at(-1)!.events.exited({ reason: null, overdue: false })
    await expect(services.datasets.rename({ name: 'mine', to: 'digits' })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await services.datasets.rename({ name: 'mine', to: 'yours' })).name).toBe('yours')
    expect((await services.datasets.list()).map(({ name }) => name)).toEqual(['digits', 'yours'])
    expect(await services.runs.get({ id: run.id })).toMatchObject({ dataset: 'yours', config: { dataset: 'yours' } })
    expect(existsSync(session.files.datasetFolder('yours'))).toBe(true)
    const kinds = session.stores.journal.after(0, { detailOf: [], limit: 1000 }).map(({ change }) => change.kind)
    expect(kinds.slice(-3)).toEqual(['dataset', 'run', 'datasetRemoved'])
  })

  it.each(['before', 'after'])('whose rename was interrupted %s the folder moved have the new name after the next start', async (when) => {
    using session = await openSession()
    await session.services.datasets.import({ path: 'quick', name: 'mine' })
    mkdirSync(session.files.datasetFolder(when === 'before' ? 'mine' : 'yours'), { recursive: true })
    session.stores.settings.set('dataset.renaming', { from: 'mine', to: 'yours' })
    await session.crash({ datasetFolders: [when === 'before' ? 'mine' : 'yours'] })
    expect((await session.services.datasets.list()).map(({ name }) => name)).toEqual(['digits', 'yours'])
    expect(session.faults).toEqual([])
    expect(existsSync(session.files.datasetFolder('yours'))).toBe(true)
    expect(session.stores.settings.get('dataset.renaming')).toBe(null)
  })

  it('whose removal was interrupted are deleted with their files at the next start', async () => {
    using session = await openSession()
    await session.services.datasets.import({ path: 'quick', name: 'mine' })
    const folder = session.files.datasetFolder('mine')
    mkdirSync(folder, { recursive: true })
    await session.services.datasets.remove({ name: 'mine' })
    // As if the host had died between storing the fact and deleting the files.
    mkdirSync(folder, { recursive: true })
    session.stores.settings.set('dataset.removed:mine', true)
    await session.crash({ datasetFolders: ['mine'] })
    expect((await session.services.datasets.list()).map(({ name }) => name)).toEqual(['digits'])
    expect(existsSync(folder)).toBe(false)
    // The name is free again, even for a folder that an import leaves before the database knows about it.
    await session.crash({ datasetFolders: ['mine'] })
    expect((await session.services.datasets.list()).map(({ name }) => name)).toEqual(['digits', 'mine'])
  })
})
