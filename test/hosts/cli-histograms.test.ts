import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCommandLine } from '../../src-main/hosts/cli/run.js'
import { openSession } from '../fixtures/session.js'
import { temporaryFolder } from './temporary.js'

it('runs histograms shows those of a step, as JSON too, and writes those of all steps as CSV', async () => {
  using session = await openSession({})
  const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
  const folder = temporaryFolder()
  const [out, notes]: [string[], string[]] = [[], []]
  const run = (...args: string[]) =>
    runCommandLine(['runs', 'histograms', id, ...args, '--home', folder], {
      print: (line) => void out.push(line),
      note: (line) => void notes.push(line),
      progress: null,
      openBackend: async () => ({ ...session.api, close: async () => undefined }),
      trainerEntry: '',
      page: '',
      end: new Promise(() => undefined),
      onDefect: (error) => expect.unreachable(String(error)),
    })
  expect(await run()).toBe(1)
  expect(notes.join()).toContain('--set histograms=N')

  const { events } = session.trainers.at(-1)!
  events.report({ kind: 'started', step: 0, totalSteps: 40, stepsPerEpoch: 16 })
  for (const step of [0, 20]) {
    const parts = [{ kind: 'weights' as const, most: 0.5, depths: [1, 2] }]
    events.report({ kind: 'histograms', step, bins: 2, parts, values: Float32Array.of(0.25, 0.75, 0.125, 0.5, 1, 0, -0.25, step) })
  }
  expect(await run()).toBe(0)
  expect(out).toEqual([
    'Step 20, 2 bins between minus and plus RANGE:',
    'OF       UNIT     MEAN  DEVIATION   RANGE',
    'Weights     1   0.1250     0.5000  0.5000',
    'Weights     2  -0.2500      20.00  0.5000',
  ])
  out.length = 0
  expect(await run('--step', '0', '--json')).toBe(0)
  expect(JSON.parse(out.join('\n'))).toMatchObject({ step: 0, steps: [0, 20], bins: 2, units: [{ depth: 1, shares: [0.25, 0.75] }, {}] })
  const file = join(folder, 'h.csv')
  expect(await run('--csv', file)).toBe(0)
  expect(readFileSync(file, 'utf8').trim().split(/\r?\n/).slice(0, 3)).toEqual([
    'step,kind,depth,value,share',
    '0,weights,1,-0.25,0.25',
    '0,weights,1,0.25,0.75',
  ])
  expect(await run('--step', '7')).toBe(1)
  expect(notes.at(-1)).toContain('It has those of: 0, 20.')
})
