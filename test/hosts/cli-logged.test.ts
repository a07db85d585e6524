import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCommandLine } from '../../src-main/hosts/cli/run.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { temporaryFolder } from './temporary.js'

it('shows a run that another program logged with what that said of it, and none of the placeholder that stands for its configuration', async () => {
  const home = await homeOfTest({ host: 'cli' })
  const folder = temporaryFolder()
  async function said(...args: string[]): Promise<string> {
    const lines: string[] = []
    const context = {
      print: (line: string) => void lines.push(line),
      note: (line: string) => void lines.push(line),
      progress: null,
      openBackend: async () => ({ ...home.api, close: async () => undefined }),
      trainerEntry: '',
      page: join(folder, 'page'),
      end: new Promise<NodeJS.Signals>(() => undefined),
      onDefect: (error: Error) => expect.unreachable(String(error)),
    }
    await runCommandLine(['runs', ...args, '--home', folder], context)
    return lines.join('\n')
  }
  const { id } = await home.logging.begin({ name: 'theirs', config: { library: 'memcnn', h: 0.5 }, dataset: 'mnist' })
  await home.logging.end({ id, end: 'finished', testAccuracy: 0.5 })
  expect(await said('list')).toMatch(new RegExp(`^${id} +finished .* 50\\.00% .* logged elsewhere +mnist +theirs$`, 'm'))
  const shown = await said('show', id)
  expect(shown).toMatch(/^Origin: +logged by another program, data set mnist$/m)
  expect(shown.slice(shown.indexOf('Configuration:')).split('\n').slice(1).map((line) => line.trim().split(/ +/))).toEqual([['library', '"memcnn"'], ['h', '0.5']]) // prettier-ignore
  expect(shown).not.toMatch(/^(Weights|Gradients|Created by|Preset):/m)
  expect(await said('show', id, '--config')).toMatch(/theirs was logged by another program: there is no configuration of Retrace to print/)
  expect(await said('resume', id)).toMatch(/Retrace has neither its network nor its weights/)
  const { id: own } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { h: 0.25 } })
  const rows = (await said('diff', own, id)).split('\n').map((line) => line.split(/ +/))
  expect(rows).toEqual([
    ['KEY', own, id],
    ['h', '0.25', '0.5'],
    ['library', '(absent)', '"memcnn"'],
  ])
})

it('imports every run of a folder of another tracker', async () => {
  const home = await homeOfTest({ host: 'cli' })
  const folder = temporaryFolder()
  const lines: string[] = []
  const context = {
    print: (line: string) => void lines.push(line),
    note: (line: string) => void lines.push(line),
    progress: null,
    openBackend: async () => ({ ...home.api, close: async () => undefined }),
    trainerEntry: '',
    page: join(folder, 'page'),
    end: new Promise<NodeJS.Signals>(() => undefined),
    onDefect: (error: Error) => expect.unreachable(String(error)),
  }
  const mlruns = join(import.meta.dirname, '..', 'fixtures', 'trackers', 'mlruns')
  await runCommandLine(['runs', 'import', mlruns, '--home', folder], context)
  expect(lines.join('\n')).toMatch(/^Imported run \w+ \(revnet: it's one\); its status is finished$/m)
  expect(lines.join('\n')).toMatch(/^Imported run \w+ \(killed\); its status is failed$/m)
  lines.length = 0
  await runCommandLine(['runs', 'import', mlruns, '--json', '--home', folder], context)
  expect(JSON.parse(lines.join('\n'))).toMatchObject({ runs: [{ tags: expect.arrayContaining(['mlflow']) as unknown }, {}], refused: [] })
})
