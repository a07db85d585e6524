import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { INSTRUMENTS, type InstrumentSetting } from '../../src-main/contract/instruments.js'
import type { LabRequest, LabResult } from '../../src-main/contract/lab.js'
import { runCommandLine } from '../../src-main/hosts/cli/run.js'
import type { Instruments } from '../../src-main/features/lab/laboratory.js'
import { createLab } from '../../src-main/hosts/lab.js'
import { allDiagnostics } from '../../src-main/lab/registry.js'
import { PlayedHome } from '../fixtures/played-home.js'
import { viewOf } from '../fixtures/views.js'
import { temporaryFolder } from './temporary.js'

const entry = join(import.meta.dirname, 'programs', 'fake-tool.mjs')

const RESULT: LabResult = {
  diagnostic: 'weights-depth',
  title: 'Weights over depth',
  subject: { arch: 'hamiltonian', preset: 'p', dataset: 'd', seed: 3, step: 20, weightsHash: 'w' },
  options: {},
  summary: [{ key: 'penalty', label: 'Penalty', symbol: '', unit: 'nats', value: 0.25 }],
  tables: [
    {
      key: 'weights',
      title: 'Parameters',
      columns: [
        { key: 'role', label: 'Parameter', symbol: '', unit: '', values: ['kernel', '=1'] },
        { key: 'norm', label: 'Norm', symbol: '', unit: 'u', values: [1.23456, 'Infinity'] },
      ],
    },
    { key: 'more', title: 'More', columns: [{ key: 'unit', label: 'Unit', symbol: '', unit: '', values: [null] }] },
  ],
  figures: [],
  notes: [{ level: 'warning', text: 'Not all converged.' }],
  suggestion: { key: 'learningRate', value: 0.025 },
  seconds: 1.5,
}

const looks: InstrumentSetting[] = []
const instruments: Instruments = {
  look: async ({ setting }) => {
    looks.push(setting)
    return viewOf(setting)
  },
  close: async () => undefined,
}

async function terminal() {
  const folder = temporaryFolder()
  const lab = createLab(entry, () => ({}))
  const asked: Pick<LabRequest, 'diagnostic' | 'options'>[] = []
  const watched: typeof lab = {
    ...lab,
    run(work) {
      asked.push({ diagnostic: work.diagnostic, options: work.options })
      return lab.run(work)
    },
  }
  const services = await PlayedHome.open({ host: 'cli', ports: { lab: watched, instruments } })
  onTestFinished(() => services.close())
  vi.stubEnv('FAKE_FIGURES', JSON.stringify(RESULT))
  onTestFinished(() => void vi.unstubAllEnvs())
  const [out, notes]: [string[], string[]] = [[], []]
  const context = {
    print: (line: string) => void out.push(line),
    note: (line: string) => void notes.push(line),
    progress: null,
    openBackend: async () => ({ ...services.api, close: async () => undefined }),
    trainerEntry: entry,
    page: join(folder, 'page'),
    end: new Promise<NodeJS.Signals>(() => undefined),
    onDefect: (error: Error) => expect.unreachable(String(error)),
  }
  const command = (...args: string[]): Promise<number> => runCommandLine([...args, '--home', folder], context)
  return { folder, services, out, notes, asked, command, run: (...args: string[]) => command('lab', ...args) }
}

it('lists every diagnostic with its question, and explains one', async () => {
  const { run, out } = await terminal()
  expect(await run()).toBe(0)
  for (const { id, question } of allDiagnostics())
    expect(out.join('\n')).toMatch(new RegExp(`^${id} +${question.replace('?', '\\?')}$`, 'm'))
  expect(out.filter((line) => /:$|^reversal|^spectrum/.test(line)).map((line) => line.split('  ')[0])).toEqual([
    'Live in the window:',
    'See it reverse:',
    'reversal',
    'Why it is stable:',
    'spectrum',
    'Run it on spiking neurons:',
  ])
  for (const { id, question } of INSTRUMENTS) expect(out.join('\n')).toMatch(new RegExp(`^${id} +${question.replace('?', '\\?')}$`, 'm'))
  out.length = 0
  expect(await run('spectrum')).toBe(0)
  expect(out.join('\n')).toMatch(/Jacobian spectrum: Is the network stable[^]*Golub-Kahan[^]*iterations +60/)
  out.length = 0
  expect(await run('hessian', '--json')).toBe(0)
  expect(JSON.parse(out.join('\n'))).toMatchObject({ id: 'hessian', options: { images: { default: 32 } } })
})

it('runs one on the weights of a run, and stores what it found with it', async () => {
  const { run, services, out } = await terminal()
  const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40 } })
  services.advance(20)
  services.checkpoint(id)
  expect(await run('weights-depth', '--run', id)).toBe(0)
  expect(out).toContain('Took 1.5 s.')
  const { results } = await services.lab.results({ id })
  expect(results).toMatchObject([{ diagnostic: 'weights-depth', seconds: 1.5 }])
  expect(await services.lab.result({ number: results[0]!.number })).toEqual(RESULT)
})

it('spike is the diagnostic of spiking neurons, under options of its own', async () => {
  const { services, command, asked } = await terminal()
  const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40 } })
  services.advance(20)
  services.checkpoint(id)
  expect(await command('spike', id, '--steps', '32', '--images', '7', '--reset', 'hard', '--junction', 'unit', '--calibrate', '5')).toBe(0)
  const options = { timeSteps: 32, heldOutImages: 7, reset: 'hard', junction: 'unit', calibrationImages: 5 }
  expect(asked).toEqual([{ diagnostic: 'spiking', options: expect.objectContaining(options) }])
})

it('runs one on a fresh network, and prints what it found', async () => {
  const { run, out, notes, folder } = await terminal()
  const file = join(folder, 'tables.csv')
  expect(await run('weights-depth', '--preset', 'hamiltonian-quick', '--dataset', 'mnist')).toBe(0)
  expect(out).toEqual([
    'Weights over depth: p (hamiltonian) on d, step 20, seed 3',
    'Penalty [nats]: 0.2500',
    '',
    'Parameters',
    'Parameter  Norm [u]',
    'kernel     1.235',
    '=1         Infinity',
    '',
    'More',
    'Unit',
    '   -',
    '',
    'For a new run: --set learningRate=0.025',
    'Warning: Not all converged.',
    'Took 1.5 s.',
  ])
  out.length = 0
  expect(await run('weights-depth', '--preset', 'hamiltonian-quick', '--dataset', 'mnist', '--csv', file)).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe("role,norm\nkernel,1.23456\n'=1,Infinity\n")
  expect(readFileSync(join(folder, 'tables-more.csv'), 'utf8')).toBe('unit\n\n')
  expect(notes.filter((note) => note.startsWith('Wrote'))).toHaveLength(2)
  expect(out).toEqual([])
  expect(await run('weights-depth', '--preset', 'hamiltonian-quick', '--dataset', 'mnist', '--json')).toBe(0)
  expect(JSON.parse(out.join('\n'))).toEqual(RESULT)
})

it('prints what an instrument of the window shows at a setting, as the files of its figures say it', async () => {
  const { run, services, out, folder } = await terminal()
  const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40 } })
  services.advance(20)
  services.checkpoint(id)
  expect(await run('inspector', '--run', id, '--option', 'hFactor=2', '--option', 'image=3')).toBe(0)
  expect(looks.at(-1)).toMatchObject({ instrument: 'inspector', hFactor: 2, image: 3, gradients: true })
  expect(out).toContain('Error of the reversed gradient [relative]: 0.000001000')
  expect(out).toContain('Batch norm uses the mean and variance of these images, as in training.')
  const file = join(folder, 'flow.csv')
  expect(await run('flow', '--run', id, '--csv', file)).toBe(0)
  const [head, ...rows] = readFileSync(file, 'utf8').trim().split('\n')
  expect(head).toBe('stage,unit,place,sample,class,predicted,x,y,xRebuilt,yRebuilt')
  expect(rows).toHaveLength(12)
  expect(rows[1]).toMatch(new RegExp(`^1,1,before,2,\\d,\\d,${Math.fround(Math.sin(2))},${Math.fround(Math.sin(3))},`))
  out.length = 0
  expect(await run('flow', '--run', id, '--json')).toBe(0)
  expect(JSON.parse(out.join('\n'))).toMatchObject({ instrument: 'flow', axes: [expect.any(String), expect.any(String)] })
})

it.each([
  [['spectrm', '--preset', 'p', '--dataset', 'd'], /There is no diagnostic spectrm: did you mean spectrum\?/],
  [['spectrum', '--preset', 'hamiltonian-quick'], /needs --preset and --dataset/],
  [['spectrum', '--run', 'x', '--preset', 'p'], /Remove --preset/],
  [['spectrum', '--run', 'x', '--set', 'h=1'], /Remove --set/],
  [['spectrum', '--preset', 'hamiltonian-quick', '--dataset', 'mnist', '--step', '4'], /--step selects a checkpoint of a run/],
  [['spectrum', '--preset', 'hamiltonian-quick', '--dataset', 'mnist', '--option', 'a.b=1'], /an option is a number, a word/],
  [['spectrum', '--run', 'nowhere'], /nowhere/],
  [['flow', '--run', 'x', '--option', 'points=1'], /--option points: .*2/],
  [['flow', '--run', 'x', '--option', 'many=1'], /many/],
])('answers %j with one line and status 1', async (args, message) => {
  const { run, notes, out } = await terminal()
  expect(await run(...args)).toBe(1)
  expect(notes.at(-1)).toMatch(message)
  expect(out).toEqual([])
})

it('a host runs one with the progress and the part of the machine that it says', async () => {
  await terminal()
  const told: [number | null, string][] = []
  const shares: unknown[] = []
  const lab = createLab(entry, (share) => {
    shares.push(share)
    return {}
  })
  const source: LabRequest['source'] = { kind: 'checkpoint', checkpoint: '/c', datasetFolder: '/d' }
  const request = {
    diagnostic: 'weights-depth',
    source,
    options: {},
    beside: 1,
    onProgress: (fraction: number | null, message: string) => void told.push([fraction, message]),
  }
  expect(await lab.run({ ...request, signal: new AbortController().signal })).toEqual(RESULT)
  expect(told).toEqual([[null, 'working']])
  expect(shares).toEqual([{ slot: 1, slots: 2 }])
  const cancelled = new AbortController()
  cancelled.abort(new Error('no longer wanted'))
  await expect(lab.run({ ...request, signal: cancelled.signal })).rejects.toThrow('no longer wanted')
})
