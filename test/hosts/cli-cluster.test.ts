import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { SLURM } from '../../src-main/contract/cluster.js'
import { runCommandLine } from '../../src-main/hosts/cli/run.js'
import { PlayedHome } from '../fixtures/played-home.js'
import { temporaryFolder } from './temporary.js'

async function terminal() {
  const folder = temporaryFolder()
  const services = await PlayedHome.open({ host: 'cli' })
  onTestFinished(() => services.close())
  const [out, notes]: [string[], string[]] = [[], []]
  const context = {
    print: (line: string) => void out.push(line),
    note: (line: string) => void notes.push(line),
    progress: null,
    openBackend: async () => ({ ...services.api, close: async () => undefined }),
    trainerEntry: '',
    page: join(folder, 'page'),
    end: new Promise<NodeJS.Signals>(() => undefined),
    onDefect: (error: Error) => expect.unreachable(String(error)),
  }
  return { out, notes, services, run: (...args: string[]) => runCommandLine([...args, '--home', folder], context) }
}

it('sets the cluster of the home, and refuses what could not be a request', async () => {
  const { out, notes, services, run } = await terminal()
  expect(await run('train', '--preset', 'small', '--dataset', 'digits', '--on', 'cluster')).toBe(1)
  expect(notes.at(-1)).toContain('No cluster is set up in this home')
  expect(await run('cluster', 'setup', '/shared', '--cpus', '8', '--partition', 'long', '--ssh', 'login', '--jobs-at-once', '7')).toBe(0)
  expect(out[0]).toContain('pass through /shared')
  expect(await services.cluster.get()).toMatchObject({
    folder: '/shared',
    node: process.execPath,
    defaults: { cpus: 8, minutes: 240, partition: 'long' },
    jobsAtOnce: 7,
    scheduler: { ...SLURM, prefix: ['ssh', '-o', 'BatchMode=yes', 'login'] },
  })
  expect(await run('cluster', 'setup', '/shared', '--partition', 'a; rm -rf /')).toBe(1)
  expect(notes.at(-1)).toContain('partition must consist of letters')
  expect(await run('train', '--preset', 'small', '--dataset', 'digits', '--minutes', '5')).toBe(1)
  expect(notes.at(-1)).toContain('need --on cluster')
  out.length = 0
  expect(await run('cluster', 'jobs')).toBe(0)
  expect(out).toEqual(['No job was submitted from this home.'])
})
