import { parseBounded } from './bounded-json.js'
import { unknownKeys } from './architecture-options.js'
import type { Architecture, ConfigIssue } from './catalogue.js'
import { explainIssue } from './config-issues.js'
import { RunOverridesSchema, type RunConfig, type RunOverrides } from './config.js'
import { isUserError } from './errors.js'
import { CONFIG_VERSION, migrateConfig, type RawConfig } from './stored-config.js'

/** Maximum length of a configuration file, in characters; a complete one has about 2,000. */
const MOST = 2 ** 20
const BOUNDS = { depth: 16, containers: 10_000 }

export type ConfigFile = { config: RunOverrides; issues: null } | { config: null; issues: ConfigIssue[] }

/** The key that states the version of the configuration format. */
const VERSION_KEY = 'configVersion'

/**
 * The keys in every file that Retrace wrote before files had a version. A file without a version that lacks one of them was written by
 * hand, for the current version.
 */
// prettier-ignore
const ALL_OF_VERSION_1 = [
  'arch', 'classes', 'image', 'stages', 'h', 'activation', 'start', 'unitNorm', 'maps', 'mode', 'frozenStages', 'preset', 'dataset', 'seed',
  'subset', 'validation', 'augment', 'batch', 'steps', 'optimizer', 'learningRate', 'momentum', 'schedule', 'weightDecay', 'smoothness',
  'smoothnessForm', 'labelSmoothing', 'clipNorm', 'anchorEvery', 'reconstructionTolerance', 'evaluateEvery', 'evaluateImages', 'selectBy',
  'earlyStopping', 'checkpointSeconds',
]

const versionOfUnnumbered = (keys: RawConfig): number => (ALL_OF_VERSION_1.every((key) => Object.hasOwn(keys, key)) ? 1 : CONFIG_VERSION)

/**
 * Reads a complete or partial configuration from JSON; besides the common keys it may have options of architectures. Missing keys are
 * later taken from the preset, except in files of earlier versions: there, keys that were added since get the values that reproduce the
 * behaviour of that version. Issues name every wrong field and every unknown key.
 */
export function readConfigFile(text: string, architectures: readonly Pick<Architecture, 'options'>[]): ConfigFile {
  const refused = (message: string): ConfigFile => ({ config: null, issues: [{ path: '', message }] })
  if (text.trim() === '') return refused('The file is empty: it must contain a configuration as JSON.')
  if (text.length > MOST) return refused('The file is larger than 1 MiB: it is not a run configuration.')
  let value: unknown
  try {
    value = parseBounded(text, BOUNDS)
  } catch (error) {
    return refused(
      error instanceof RangeError
        ? `The file is not a run configuration: ${error.message}.`
        : `The file is not valid JSON: ${(error as Error).message}.`,
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refused('The file must contain a JSON object: { "preset": ..., "dataset": ..., ... }.')
  const { [VERSION_KEY]: version, ...keys } = value as RawConfig
  let migrated: RawConfig
  try {
    migrated = migrateConfig((version ?? versionOfUnnumbered(keys)) as number, keys)
  } catch (error) {
    if (!isUserError(error)) throw error
    return { config: null, issues: [{ path: VERSION_KEY, message: error.message }] }
  }
  const parsed = RunOverridesSchema.safeParse(migrated)
  const issues = [...(parsed.error?.issues.flatMap(explainIssue) ?? []), ...unknownKeys(parsed.data ?? scalars(migrated), architectures)]
  return parsed.success && issues.length === 0 ? { config: parsed.data, issues: null } : { config: null, issues }
}

/** Omits what the schema already reports as unknown. */
const scalars = (keys: RawConfig): RawConfig => Object.fromEntries(Object.entries(keys).filter(([, value]) => typeof value !== 'object'))

/** The complete configuration of a run, including preset and data set, in the format that `readConfigFile` of this and later versions reads. */
export const writeConfigFile = (config: RunConfig): string => `${JSON.stringify({ [VERSION_KEY]: CONFIG_VERSION, ...config }, null, 2)}\n`
