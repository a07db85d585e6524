import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import {
  archiveCommand,
  histogramsCommand,
  instrumentCommand,
  labCommand,
  resultsCommand,
  seriesCommand,
  studyCommand,
} from '../../src-main/contract/command-lines.js'
import { FlowSettingSchema, InspectorSettingSchema } from '../../src-main/contract/instruments.js'
import { readOptions } from '../../src-main/hosts/cli/findings.js'
import { parseSetting } from '../../src-main/hosts/cli/settings.js'

/** The words of each command that a shell would run for a line. */
const started = (line: string): string[][] =>
  execFileSync('sh', ['-c', `retrace() { printf '%s\\0' "$@"; printf '\\1'; }\n${line}`])
    .toString()
    .split('\u0001')
    .slice(0, -1)
    .map((command) => command.split('\0').slice(0, -1))

const after = (words: readonly string[], option: string): string[] => words.flatMap((word, at) => (words[at - 1] === option ? [word] : []))

it('give a shell, and the command line, exactly the options of a study, and none that has its default', () => {
  const options = {
    seeds: 3,
    factor: -0.5,
    text: `it's "5 > 4" & $HOME`,
    json: '{"batch":64}',
    digits: '007',
    number: '7',
    lines: 'a\nb',
    truth: true,
    usual: 5,
  }
  const [words] = started(studyCommand('search', options, { usual: { default: 5 }, seeds: { default: 4 } }))
  expect(words!.slice(0, 3)).toEqual(['study', 'start', 'search'])
  const { usual, ...given } = options
  expect(usual).toBe(5)
  expect(readOptions(after(words!, '--option'))).toEqual(given)
})

it('name the checkpoint of a run, or the network that was made for the purpose with all that differs from its preset', () => {
  const run = { kind: 'run', id: 'ab12', step: 40 } as const
  const [first, second, ...others] = started(
    labCommand(
      'spectrum',
      [
        { target: run, options: { images: 8 } },
        { target: { ...run, id: 'cd34' }, options: { images: 16 } },
        { target: run, options: { images: 8 } },
      ],
      { images: { default: 16 } },
    ),
  )
  expect(first).toEqual(['lab', 'spectrum', '--run', 'ab12', '--step', '40', '--option', 'images=8'])
  expect(second).toEqual(['lab', 'spectrum', '--run', 'cd34', '--step', '40'])
  expect(others).toEqual([])
  const overrides = { h: 0.05, activation: 'tanh' as const, stages: [{ units: 2, channels: 4 }], seed: undefined }
  const network = { preset: 'hamiltonian-quick', dataset: 'my data', overrides }
  const [fresh] = started(labCommand('spectrum', [{ target: { kind: 'fresh', network } as never, options: {} }]))
  expect(fresh!.slice(0, 6)).toEqual(['lab', 'spectrum', '--preset', 'hamiltonian-quick', '--dataset', 'my data'])
  const settings = after(fresh!, '--set').map(parseSetting)
  expect(Object.fromEntries(settings.map(({ path, value }) => [path.join('.'), value]))).toEqual({
    h: 0.05,
    activation: 'tanh',
    stages: [{ units: 2, channels: 4 }],
  })
})

it('say how an instrument stands, and of an own image that it is not part of the command', () => {
  const target = { kind: 'run', id: 'ab12' } as const
  const flow = FlowSettingSchema.parse({ instrument: 'flow', hFactor: 2, projection: 'coordinates' })
  expect(instrumentCommand(target, flow)).toBe('retrace lab flow --run ab12 --option hFactor=2 --option projection=coordinates')
  const inspector = InspectorSettingSchema.parse({ instrument: 'inspector', image: 3, given: 'AAAA' })
  expect(instrumentCommand(target, inspector)).toBe(
    'retrace lab inspector --run ab12 --option image=3 # with an image of the user in place of the training image',
  )
})

it('name every run once', () => {
  expect(seriesCommand(['ab12', 'cd34', 'ab12'])).toBe('retrace runs export ab12 --csv && retrace runs export cd34 --csv')
  expect(resultsCommand(['ab12'])).toBe('retrace runs export ab12')
  expect(archiveCommand('ab12')).toBe('retrace runs export ab12 --format archive')
  expect(histogramsCommand(['ab12'])).toBe('retrace runs histograms ab12 --csv ab12-histograms.csv')
})
