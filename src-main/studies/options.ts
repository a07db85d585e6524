import { z } from 'zod'
import { field } from '../contract/config.js'
import { OptionError } from '../contract/errors.js'
import { describeMissingDataset, type Dataset } from '../contract/datasets.js'
import type { Preset } from '../contract/catalogue.js'
import { hint } from '../contract/near.js'
import { parseSeeds } from '../contract/seeds.js'
import type { StudyHome } from './template.js'

/** A list is one text, so that it looks the same on the command line, in the form and in the command that repeats a study. */
const list = (text: string) => z.string().trim().min(1).max(1000).default(text)

export const presetsOption = (names: string, help = 'Presets, separated by commas; see `retrace presets`.') =>
  field(list(names), { group: 'Network', label: 'Networks (presets)', help, choose: 'presets' })

export const datasetOption = (name = 'cifar-10') =>
  field(z.string().trim().min(1).max(100).default(name), {
    group: 'Data',
    label: 'Data set',
    help: 'Name of an imported data set.',
    choose: 'dataset',
  })

export const seedsOption = (seeds = '1-3') =>
  field(list(seeds), { group: 'Run', label: 'Seeds', help: 'Each cell is run once per seed, for example 1,2,5 or 1-3.' })

export const stepsOption = (steps: number, help = 'Length of every run. The schedules of the presets are scaled to it.') =>
  field(z.int().min(1).max(10_000_000).default(steps), { group: 'Training', label: 'Steps of each run', unit: 'steps', help })

export const numbersOption = (
  numbers: string,
  info: { group: 'Network' | 'Training' | 'Data'; label: string; help: string; unit?: string },
) => field(list(numbers), info)

function refuse(option: string, why: string): never {
  throw new OptionError(option, why)
}

/** The distinct names in a list. */
export function readNames(option: string, text: string): string[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))]
  return names.includes('') ? refuse(option, `"${text}" has an empty entry. Separate names by single commas.`) : names
}

/** The distinct numbers in a list, in ascending order. */
export function readNumbers(option: string, text: string, { least, whole = false }: { least: number; whole?: boolean }): number[] {
  const numbers = readNames(option, text).map((part) => {
    const value = Number(part)
    if (!Number.isFinite(value) || value < least || (whole && !Number.isInteger(value)))
      refuse(
        option,
        `${part} is not a ${whole ? 'whole ' : ''}number of at least ${least}. Separate numbers by commas, with decimal points.`,
      )
    return value
  })
  return [...new Set(numbers)].sort((a, b) => a - b)
}

export function readSeeds(option: string, text: string): number[] {
  try {
    return parseSeeds(text)
  } catch (error) {
    return refuse(option, (error as RangeError).message)
  }
}

export function readPresets(option: string, text: string, { presets }: StudyHome): Preset[] {
  const known = presets.map(({ name }) => name)
  return readNames(option, text).map(
    (name) =>
      presets.find((preset) => preset.name === name) ??
      refuse(option, `There is no preset ${name}: ${hint(name, known, 'see `retrace presets`.')}`),
  )
}

export function readDataset(option: string, name: string, { datasets }: StudyHome): Dataset {
  const known = datasets.map((dataset) => dataset.name)
  return datasets.find((dataset) => dataset.name === name) ?? refuse(option, describeMissingDataset(name, known))
}
