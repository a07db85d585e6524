import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../fixtures/home.js'
import { openSession } from '../fixtures/session.js'

const REQUEST = { preset: 'small', dataset: 'digits' }
const VIEW = { description: 'how deep' }

it('projects hold runs, are known by their names, and come back with their runs', async () => {
  using session = await openSession()
  let { projects, runs } = session.services
  const depth = await projects.save({ name: ' Depth ', view: VIEW })
  expect(depth).toMatchObject({ name: 'Depth', view: VIEW })
  await expect(projects.save({ name: 'depth', view: VIEW })).rejects.toMatchObject({ code: 'CONFLICT', message: /"Depth" already/ })
  await expect(projects.save({ name: 'None', view: VIEW })).rejects.toThrow(/stands for no project/)
  expect(await projects.named({ name: 'DEPTH' })).toEqual(depth)

  const run = await runs.create({ ...REQUEST, projectId: depth.id })
  expect(run.projectId).toBe(depth.id)
  expect((await runs.again({ id: run.id })).projectId).toBe(depth.id)
  const [loose] = await runs.createSeveral({ request: REQUEST, seeds: [3] })
  expect(loose!.projectId).toBeNull()
  await runs.edit({ ids: [loose!.id], projectId: depth.id })
  expect((await runs.get({ id: loose!.id })).projectId).toBe(depth.id)
  await expect(runs.edit({ ids: [loose!.id], projectId: 'gone1' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(runs.create({ ...REQUEST, projectId: 'gone1' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await runs.edit({ ids: [loose!.id], projectId: null })

  const seq = session.stores.journal.last()
  await projects.remove({ id: depth.id })
  await session.crash()
  ;({ projects, runs } = session.services)
  expect((await projects.list()).projects).toEqual([])
  // Its name is free; if another project has taken it, restoring is refused.
  const other = await projects.named({ name: 'depth' })
  await expect(projects.restore({ id: depth.id })).rejects.toMatchObject({ code: 'CONFLICT' })
  await projects.save({ id: other.id, name: 'Width', view: other.view })
  expect(await projects.restore({ id: depth.id })).toEqual(depth)
  expect((await projects.list()).projects.map(({ name }) => name)).toEqual(['Depth', 'Width'])
  expect((await runs.get({ id: run.id })).projectId).toBe(depth.id)
  const told = session.stores.journal.after(seq, { detailOf: [], limit: 100 }).map(({ change }) => change.kind)
  expect(told.filter((kind) => kind.startsWith('project'))).toEqual(['projectRemoved', 'project', 'project', 'project'])
})

it('the project of a run travels with its archive, by its name', async () => {
  using home = await openSession()
  using other = await openSession()
  using folder = temporaryFolder()
  const { id: projectId } = await home.services.projects.named({ name: 'Depth' })
  const { id } = await home.services.runs.create({ ...REQUEST, projectId })
  const path = join(folder.path, 'run.tar.gz')
  await home.services.runs.exportFile({ id, path, format: 'archive' })
  const [first, second] = [await other.services.runs.importFile({ path }), await other.services.runs.importFile({ path })]
  const { projects } = await other.services.projects.list()
  expect(projects.map(({ name }) => name)).toEqual(['Depth'])
  expect([first.projectId, second.projectId]).toEqual([projects[0]!.id, projects[0]!.id])
  expect((await home.services.runs.importFile({ path })).projectId).toBe(projectId)
})
