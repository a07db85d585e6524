import { InstrumentSettingSchema, type InstrumentSetting } from './instruments.js'
import type { LabOptions, LabTargetInput } from './lab.js'
import type { OptionDescriptions } from './option-descriptions.js'

/**
 * The commands that reproduce what a page shows, with one definition for each kind: pages offer them for copying, and files of figures
 * contain them.
 */

/** Quotes a word for a POSIX shell. */
const quoted = (word: string): string => (/^[\w.=,/:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

const retrace = (...words: string[]): string => ['retrace', ...words.map(quoted)].join(' ')
/** Several commands on one line, each run only if the previous ones succeeded. */
const oneByOne = (commands: readonly string[]): string => [...new Set(commands)].join(' && ')

/** A value as `--set` and `--option` parse it: plain text, unless that would be parsed as JSON. */
function settingText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  try {
    JSON.parse(value)
    return JSON.stringify(value)
  } catch {
    // Not JSON, so it is taken as text.
    return value
  }
}
const setting =
  (option: string) =>
  ([key, value]: [string, unknown]): string[] => [option, `${key}=${settingText(value)}`]

/** Options that differ from their defaults. */
const optionWords = (options: LabOptions, descriptions: OptionDescriptions = {}): string[] =>
  Object.entries(options)
    .filter(([key, value]) => descriptions[key]?.['default'] !== value)
    .flatMap(setting('--option'))

const overrideWords = (overrides: object): string[] =>
  Object.entries(overrides)
    .filter(([, value]) => value !== undefined)
    .flatMap(setting('--set'))

const targetWords = (target: LabTargetInput): string[] =>
  target.kind === 'run'
    ? ['--run', target.id, ...(target.step === undefined ? [] : ['--step', String(target.step)])]
    : ['--preset', target.network.preset, '--dataset', target.network.dataset, ...overrideWords(target.network.overrides ?? {})]

/** Starts a study with these options. */
export const studyCommand = (template: string, options: LabOptions, descriptions?: OptionDescriptions): string =>
  retrace('study', 'start', template, ...optionWords(options, descriptions))

/** Runs one diagnostic on each of these networks. */
export const labCommand = (
  diagnostic: string,
  asked: readonly { target: LabTargetInput; options: LabOptions }[],
  descriptions?: OptionDescriptions,
): string =>
  oneByOne(asked.map(({ target, options }) => retrace('lab', diagnostic, ...targetWords(target), ...optionWords(options, descriptions))))

/** Prints what an instrument shows for a setting. */
export function instrumentCommand(target: LabTargetInput, { instrument, ...chosen }: InstrumentSetting): string {
  const usual: Record<string, unknown> = InstrumentSettingSchema.parse({ instrument })
  const own = 'given' in chosen && chosen.given !== null
  const changed = Object.entries(chosen).filter(([key, value]) => key !== 'given' && value !== usual[key])
  const command = retrace('lab', instrument, ...targetWords(target), ...optionWords(Object.fromEntries(changed) as LabOptions))
  return own ? `${command} # with an image of the user in place of the training image` : command
}

/** Exports every point of every series of these runs. */
export const seriesCommand = (ids: readonly string[]): string => oneByOne(ids.map((id) => retrace('runs', 'export', id, '--csv')))

/** Exports configuration and results of these runs. */
export const resultsCommand = (ids: readonly string[]): string => oneByOne(ids.map((id) => retrace('runs', 'export', id)))

/** Exports all stored data of a run as an archive. */
export const archiveCommand = (id: string): string => retrace('runs', 'export', id, '--format', 'archive')

/** Exports the histograms that these runs have collected, for all steps. */
export const histogramsCommand = (ids: readonly string[]): string =>
  oneByOne(ids.map((id) => retrace('runs', 'histograms', id, '--csv', `${id}-histograms.csv`)))
