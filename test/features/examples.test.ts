import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Change } from '../../src-main/contract/changes.js'
import { EXAMPLE_ROLES, ExamplesSchema } from '../../src-main/contract/examples.js'
import { openExampleFiles } from '../../src-main/exchange/example-files.js'
import { temporaryFolder } from '../fixtures/home.js'
import { openSession } from '../fixtures/session.js'

const FOLDER = 'resources/examples'
const LIST = ExamplesSchema.parse(JSON.parse(readFileSync(join(FOLDER, 'examples.json'), 'utf8')))

describe('the examples that come with Retrace', () => {
  it('show each of their subjects, in files that are few and small', () => {
    expect(new Set(LIST.runs.map(({ role }) => role))).toEqual(new Set(EXAMPLE_ROLES))
    const files = readdirSync(FOLDER)
    expect(new Set(files)).toEqual(
      new Set(['examples.json', ...LIST.runs.map(({ file }) => file), ...LIST.studies.map(({ file }) => file)]),
    )
    const bytes = files.reduce((sum, file) => sum + statSync(join(FOLDER, file)).size, 0)
    expect(bytes).toBeLessThan(1.2 * 2 ** 20)
  })

  it('come at once, with their study, and once only; are removed at once, and come back as they were', async () => {
    using session = await openSession()
    const { examples, runs, studies } = session.services
    const [tasks, ending] = [[] as string[], new AbortController()]
    const following = (async () => {
      for await (const { change } of session.opened.features.changes.subscribe({ since: null, detailOf: [], signal: ending.signal }))
        if ((change as Change).kind === 'task') tasks.push((change as Extract<Change, { kind: 'task' }>).task.state)
    })()

    expect(await examples.open({})).toEqual({ runs: LIST.runs.length, studies: LIST.studies.length })
    expect(tasks.at(0)).toBe('running')
    const brought = (await runs.list()).runs
    expect(new Map(brought.map(({ id, name }) => [id, name]))).toEqual(new Map(LIST.runs.map(({ id, name }) => [id, name])))
    expect(brought.every(({ tags, note }) => tags.includes('example') && note !== '')).toBe(true)
    expect(await examples.open({})).toEqual({ runs: 0, studies: 0 })

    const role = (wanted: string) => LIST.runs.filter((run) => run.role === wanted).map(({ id }) => brought.find((run) => run.id === id)!)
    expect(role('hamiltonian').map(({ seed }) => seed)).toEqual([1, 2, 3])
    expect(role('resnet').map(({ seed }) => seed)).toEqual([1, 2, 3])
    for (const { reported } of [...role('hamiltonian'), ...role('resnet')]) expect(reported!.values['test/accuracy']).toBeGreaterThan(0.7)
    expect(role('flow')[0]!.reported!.values['test/accuracy']).toBeGreaterThan(0.95)
    const { gradientTolerance } = (await runs.get({ id: role('large-step')[0]!.id })).config
    expect(role('large-step')[0]!.gradients!.error).toBeGreaterThan(gradientTolerance)
    expect(role('reversed')[0]!.gradients!.error).toBeLessThan(gradientTolerance)
    expect(session.stores.regions.list(role('flow')[0]!.id).length).toBeGreaterThan(3)

    const [study] = (await studies.list()).studies
    expect(study!.cells).toBe(role('study').length)
    const { cells, report } = await studies.get({ id: study!.id })
    expect(cells.map(({ runId }) => runId).sort()).toEqual(
      role('study')
        .map(({ id }) => id)
        .sort(),
    )
    expect(role('study').every(({ studyId }) => studyId === study!.id)).toBe(true)
    expect(report.figures.length).toBeGreaterThan(0)
    expect(session.trainers, 'nothing of it is trained').toEqual([])

    expect(await examples.remove()).toEqual({ runs: LIST.runs.length, studies: LIST.studies.length })
    expect([(await runs.list()).runs, (await studies.list()).studies]).toEqual([[], []])
    expect(await examples.remove()).toEqual({ runs: 0, studies: 0 })
    expect(await examples.open({})).toEqual({ runs: LIST.runs.length, studies: LIST.studies.length })
    const again = (await runs.list()).runs
    expect(again).toEqual(brought)

    ending.abort()
    await following
    expect(session.faults).toEqual([])
  })

  it('stop coming when that is cancelled, and go on later', async () => {
    using session = await openSession()
    const { examples, runs } = session.services
    const opened = examples.open({ taskId: 'open' })
    await expect.poll(async () => (await runs.list()).runs.length).toBeGreaterThan(0)
    await expect(examples.open({})).rejects.toMatchObject({ code: 'CONFLICT' })
    await examples.cancel({ taskId: 'open' })
    await expect(opened).rejects.toMatchObject({ code: 'CONFLICT', message: /was cancelled/ })
    const first = (await runs.list()).runs.length
    expect(first).toBeLessThan(LIST.runs.length)
    expect((await examples.open({})).runs).toBe(LIST.runs.length - first)
  })

  it('say that they are missing where the installation has none', async () => {
    using folder = temporaryFolder()
    using session = await openSession({ examples: openExampleFiles(folder.path) })
    await expect(session.services.examples.open({})).rejects.toMatchObject({ message: /examples are missing .* Install Retrace again/ })
  })
})
