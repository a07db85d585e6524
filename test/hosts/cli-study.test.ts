import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { StudyDetail } from '../../src-main/contract/studies.js'
import { runCommandLine } from '../../src-main/hosts/cli/run.js'
import { createComputer } from '../../src-main/hosts/studies.js'
import { bundleForNode } from '../fixtures/build.js'
import { PlayedHome } from '../fixtures/played-home.js'
import { temporaryFolder } from './temporary.js'

let bundle: Awaited<ReturnType<typeof bundleForNode>>
beforeAll(async () => {
  bundle = await bundleForNode('src-main/studies/compute-worker.ts')
})
afterAll(() => bundle[Symbol.dispose]())

async function terminal() {
  const folder = temporaryFolder()
  const services = await PlayedHome.open({ host: 'cli', ports: { computer: createComputer(bundle.file) } })
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
  return { out, notes, run: (...args: string[]) => runCommandLine(['study', ...args, '--home', folder], context) }
}

const SMALL = ['depths=2', 'ratios=0.9,1.1', 'startDepths=2', 'startRatios=0.9', 'starts=5', 'steps=500', 'hinges=2', 'fitSteps=20']
const options = SMALL.flatMap((each) => ['--option', each])

it('computes a study in threads, follows it to its end, prints what it has found, and does not compute it again', async () => {
  const { out, notes, run } = await terminal()
  expect(await run('start', 'stability-of-descent', ...options)).toBe(0)
  const text = out.join('\n')
  expect(notes.join('\n')).toMatch(/6 cells: .*queued/)
  // Without a terminal, one line for each cell that ends, after those of the start.
  const [, ...lines] = notes.filter((line) => line.startsWith('6 cells: '))
  expect(lines.length).toBeLessThanOrEqual(6)
  expect(new Set(lines.map((line) => / (\d+) finished/.exec(line)![1])).size).toBe(lines.length)
  expect(text).toMatch(/^escape, depth 2, ratio 1.1 +finished +- /m)
  expect(text).toMatch(/Bound on step times sharpness: 2/)
  expect(text).toMatch(/^ +2 +1\.100 .* 38 +bounded /m)
  expect(text).toMatch(/To repeat it: retrace study start stability-of-descent --option 'depths="2"' /)

  out.length = 0
  expect(await run('start', 'stability-of-descent', ...options, '--dry-run')).toBe(0)
  expect(out).toContain('computation: escape, depth 2, ratio 0.9')
  expect(out.at(-1)).toMatch(/^6 cells, 6 done already/)
  out.length = 0
  expect(await run('start', 'stability-of-descent', ...options, '--json')).toBe(0)
  const again = JSON.parse(out.join('\n')) as StudyDetail
  expect(again.cells.map(({ takenOver }) => takenOver)).toEqual(Array(6).fill(true))

  expect(await run('start', 'stability-of-descent', '--option', 'depths=2000')).toBe(1)
  expect(notes.at(-1)).toMatch(/depth: must be a whole number from 1 to 1000/)
})
