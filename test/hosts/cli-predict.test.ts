import { resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Prediction } from '../../src-main/contract/predictions.js'
import type { PredictionWork } from '../../src-main/features/lab/laboratory.js'
import { runCommandLine } from '../../src-main/hosts/cli/run.js'
import { PlayedHome } from '../fixtures/played-home.js'
import { temporaryFolder } from './temporary.js'

const PREDICTION: Prediction = {
  step: 20,
  dataset: 'mnist',
  classes: [0.01, 0.02, 0.9, 0.01, 0.03, 0.03].map((probability, at) => ({ name: `digit ${at}`, probability })),
  seen: { height: 1, width: 1, channels: 1, pixels: 'AA==' },
  changes: ['Resized from 640x480 to 28x28.'],
}

async function terminal() {
  const folder = temporaryFolder()
  const shown: PredictionWork[] = []
  const lab = {
    diagnostics: () => [],
    run: () => Promise.reject(new Error('not part of this test')),
    fitImage: () => Promise.reject(new Error('not part of this test')),
    predict: async (work: PredictionWork) => {
      shown.push(work)
      return PREDICTION
    },
  }
  const services = await PlayedHome.open({ host: 'cli', ports: { lab } })
  onTestFinished(() => services.close())
  const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40 } })
  services.advance(20)
  services.checkpoint(id)
  const [out, notes]: [string[], string[]] = [[], []]
  const context = {
    print: (line: string) => void out.push(line),
    note: (line: string) => void notes.push(line),
    progress: null,
    openBackend: async () => ({ ...services.api, close: async () => undefined }),
    trainerEntry: '/none',
    page: '/none',
    end: new Promise<NodeJS.Signals>(() => undefined),
    onDefect: (error: Error) => expect.unreachable(String(error)),
  }
  return { id, shown, out, notes, run: (...args: string[]) => runCommandLine(['predict', ...args, '--home', folder], context) }
}

it('prints the most probable classes and what was done to the image, or all of it as JSON', async () => {
  const { id, run, out, shown } = await terminal()
  expect(await run(id, 'cat.png', '--step', '20', '--fit', 'contain')).toBe(0)
  expect(shown).toMatchObject([{ image: { path: resolve('cat.png') }, fit: 'contain' }])
  expect(out).toEqual([
    'Step 20, trained on mnist',
    'CLASS    PROBABILITY',
    'digit 2       90.00%',
    'digit 4        3.00%',
    'digit 5        3.00%',
    'digit 1        2.00%',
    'digit 0        1.00%',
    'Resized from 640x480 to 28x28.',
  ])
  out.length = 0
  expect(await run(id, '/pictures/cat.png', '--json')).toBe(0)
  expect(JSON.parse(out.join('\n'))).toEqual(PREDICTION)
})

it.each([
  [['cat.png', '--step', '7'], /has no checkpoint at step 7/],
  [['cat.png', '--fit', 'squeeze'], /cover, contain, stretch/],
  [[], /image/],
])('answers %j with a sentence', async (args, message) => {
  const { id, run, notes, shown } = await terminal()
  expect(await run(id, ...args)).not.toBe(0)
  expect(notes.join('\n')).toMatch(message)
  expect(shown).toEqual([])
})
