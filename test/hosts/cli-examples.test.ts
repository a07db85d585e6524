import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCommandLine } from '../../src-main/hosts/cli/run.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { temporaryFolder } from './temporary.js'

it('lists, opens and removes the examples on the command line', async () => {
  const folder = temporaryFolder()
  const services = await homeOfTest({ host: 'cli' })
  const out: string[] = []
  const context = {
    print: (line: string) => void out.push(line),
    note: () => undefined,
    progress: null,
    openBackend: async () => ({ ...services.api, close: async () => undefined }),
    trainerEntry: '',
    page: join(folder, 'page'),
    end: new Promise<NodeJS.Signals>(() => undefined),
    onDefect: (error: Error) => expect.unreachable(String(error)),
  }
  const run = async (...args: string[]): Promise<string> => {
    out.length = 0
    expect(await runCommandLine(['examples', ...args, '--home', folder], context)).toBe(0)
    return out.join('\n')
  }
  const { runs } = await services.examples.list()
  expect(await run('list')).toMatch(new RegExp(`${runs[0]!.id} +run +no +${runs[0]!.name}`))
  expect(await run('open')).toBe(`Opened ${runs.length} runs and 1 study. \`retrace examples remove\` removes them.`)
  expect(JSON.parse(await run('list', '--json'))).toHaveLength(runs.length + 1)
  expect(await run('list')).not.toMatch(/ no /)
  expect(await run('remove')).toMatch(new RegExp(`^Removed ${runs.length} runs and 1 study`))
  expect((await services.runs.list()).runs).toEqual([])
})
