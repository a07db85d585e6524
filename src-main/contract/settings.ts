import { z } from 'zod'
import { DeviceSchema } from './gpus.js'
import './input-messages.js'

/** Name, effect and unit of a setting, for the settings page and the command line. */
export interface SettingInfo {
  label: string
  help: string
  unit: string
}

const setting = <T extends z.ZodType>(schema: T, info: SettingInfo): T => schema.meta({ setting: info }) as T

/** Settings of a home by the names under which they are stored; each has a default. */
export const SettingsSchema = z.strictObject({
  'queue.concurrentRuns': setting(z.int().min(1).max(64).default(1), {
    label: 'Concurrent runs',
    help: 'Maximum number of runs that train at the same time. They share the processor cores; a GPU takes one run at a time.',
    unit: 'runs',
  }),
  'compute.device': setting(DeviceSchema.default('auto'), {
    label: 'Device of runs',
    help: 'auto gives each run a GPU of its own where the engine for GPUs is set up, and the processor elsewhere; cpu is the processor; a GPU by its UUID. Applies to runs that start afterwards and asked for no device of their own.',
    unit: '',
  }),
  'runs.keepRemovedHours': setting(z.number().min(1).max(8760).default(24), {
    label: 'Keep removed runs for',
    help: 'Hours during which a removed run can be restored; afterwards its files are deleted. Only hours during which Retrace is open count. The files can also be deleted immediately below.',
    unit: 'h',
  }),
  'runs.keepCheckpoints': setting(z.enum(['all', 'best and last']).default('all'), {
    label: 'Checkpoints to keep of finished runs',
    help: 'best and last deletes all others when a run finishes, except pinned checkpoints and those of pinned runs and the baseline.',
    unit: '',
  }),
  'disk.warnGiB': setting(z.number().min(0).max(100_000).default(5), {
    label: 'Warn below free disk space of',
    help: 'Warns when the disk of the home folder has less free space than this; 0 never warns.',
    unit: 'GiB',
  }),
  'disk.pauseGiB': setting(z.number().min(0).max(100_000).default(1), {
    label: 'Pause runs below free disk space of',
    help: 'When the disk has less free space than this, runs write a checkpoint and pause, and queued runs wait until there is room again; 0 never pauses.',
    unit: 'GiB',
  }),
})
export type Settings = z.infer<typeof SettingsSchema>
export type SettingKey = keyof Settings

/** Changes to some settings. */
export const SettingsPatchSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(SettingsSchema.shape).map(([key, value]) => [key, (value as z.ZodDefault<z.ZodType>).unwrap().optional()]),
  ) as { [Key in SettingKey]: z.ZodOptional<z.ZodType<Settings[Key], Settings[Key]>> },
)
export type SettingsPatch = z.infer<typeof SettingsPatchSchema>

export const SETTING_KEYS = Object.keys(SettingsSchema.shape) as SettingKey[]

/** The choices of a setting; null when it is a number. */
export function settingChoices(key: SettingKey): readonly string[] | null {
  const inner = SettingsSchema.shape[key].unwrap()
  return inner instanceof z.ZodEnum ? (inner.options as string[]) : null
}

/** Name, effect and unit of one setting. */
export function settingInfo(key: SettingKey): SettingInfo {
  return SettingsSchema.shape[key].meta()?.['setting'] as SettingInfo
}
