import type { StudyOutcome, WorkOf } from '../../contract/studies.js'
import type { NetworkConfig } from '../../contract/config.js'
import { unitsOf } from '../../lab/over-depth.js'
import { nominalConfig } from '../../numeric/describe.js'
import { findPreset } from '../../numeric/presets.js'
import { readDataset, readNumbers, readPresets, readSeeds } from '../options.js'
import type { NewCell, StudyHome } from '../template.js'
import type { Side, Timed } from './match.js'
import type { FAIR } from './quantities.js'

interface Options {
  preset: string
  against: string
  dataset: string
  rates: string
  validation: number
  steps: number
  seeds: string
  timed: number
}

/** Every seed and learning rate of both networks. */
export function runCells(options: Options, home: StudyHome, pair: readonly Side[]): NewCell<typeof FAIR>[] {
  const dataset = readDataset('dataset', options.dataset, home)
  const [preset] = readPresets('preset', options.preset, home)
  return readSeeds('seeds', options.seeds).flatMap((seed) =>
    readNumbers('rates', options.rates, { least: 1e-9 }).flatMap((learningRate) =>
      pair.map(({ name, keys }): NewCell<typeof FAIR> => ({
        factors: { network: name, learningRate, seed },
        work: {
          kind: 'run',
          run: {
            preset: preset!.name,
            dataset: dataset.name,
            overrides: {
              ...keys,
              learningRate,
              seed,
              steps: options.steps,
              validation: options.validation,
              evaluateEvery: Math.max(1, Math.ceil(options.steps / 5)),
            } as WorkOf<'run'>['run']['overrides'],
          },
        },
      })),
    ),
  )
}

/** Times a training step of a network, at the size of the images on which it is trained. */
export function timeCell(options: Options, home: StudyHome, { name, network, keys }: Side): NewCell<typeof FAIR> {
  const { kind, image } = readDataset('dataset', options.dataset, home)
  readPresets('preset', options.preset, home)
  const set = Object.keys(keys).length > 0 ? { set: keys } : {}
  // The tool's default is the mode of the preset, which the other architecture may not support.
  const { mode } = { ...nominalConfig(findPreset(options.preset)), ...(keys as Partial<NetworkConfig>) }
  const rest = { batch: null, units: null, mode, execution: null, fused: null, kept: null }
  const request = { preset: options.preset, size: kind === 'images' ? image.height : null, steps: options.timed, ...rest, ...set }
  return { factors: { network: name, units: unitsOf(network) }, work: { kind: 'measurement', request } }
}

export const secondsOf = (measured: StudyOutcome['measured']): number | null => {
  const value = measured?.['secondsPerStep']
  return typeof value === 'number' && value > 0 ? value : null
}

export const isOwn = ({ factors }: StudyOutcome, { name }: Side): boolean => factors['network'] === name

export const stagesOf = ({ work }: StudyOutcome): Timed['stages'] =>
  (work as WorkOf<'measurement'>).request.set!['stages'] as Timed['stages']

/** The measured step time of the preset, null while unknown, and those of the other architecture. */
export function timesOf(outcomes: readonly StudyOutcome[], own: Side): { target: number | null; timed: Timed[] } {
  const measured = outcomes.filter(({ work, state }) => work.kind === 'measurement' && state === 'finished')
  const target = measured.flatMap((outcome) => (isOwn(outcome, own) ? (secondsOf(outcome.measured) ?? []) : []))[0] ?? null
  const timed = measured.flatMap((outcome) => {
    const secondsPerStep = isOwn(outcome, own) ? null : secondsOf(outcome.measured)
    return secondsPerStep === null ? [] : [{ stages: stagesOf(outcome), secondsPerStep }]
  })
  return { target, timed }
}
