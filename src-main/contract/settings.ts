import { z } from 'zod'

/** What a setting is called, what it does, and in which unit it is given: for the page of settings and the command line. */
export interface SettingInfo {
  label: string
  help: string
  unit: string
}

const setting = <T extends z.ZodType>(schema: T, info: SettingInfo): T => schema.meta({ setting: info }) as T

/** Settings of a home, by the names under which they are stored; each has a default. */
export const SettingsSchema = z.strictObject({
  'queue.concurrentRuns': setting(z.int().min(1).max(64).default(1), {
    label: 'Runs at once',
    help: 'So many runs train at the same time. The processor cores are divided among them; on a machine with several GPUs each gets its own.',
    unit: 'runs',
  }),
  'runs.keepRemovedHours': setting(z.number().min(1).max(8760).default(24), {
    label: 'Keep removed runs',
    help: 'For so long a removed run can be brought back; then its files are deleted. They can be deleted at once below.',
    unit: 'h',
  }),
  'runs.keepCheckpoints': setting(z.enum(['all', 'best and last']).default('all'), {
    label: 'Checkpoints of finished runs',
    help: 'best and last deletes the others when a run has finished; those that are pinned, and all of pinned runs and of the baseline, stay.',
    unit: '',
  }),
  'disk.warnGiB': setting(z.number().min(0).max(100_000).default(5), {
    label: 'Warn when the disk has less than',
    help: 'Free space on the disk of the home folder, below which you are warned; 0 never warns.',
    unit: 'GiB',
  }),
  'disk.pauseGiB': setting(z.number().min(0).max(100_000).default(1), {
    label: 'Pause runs when the disk has less than',
    help: 'Runs write a checkpoint and pause, and queued ones wait until there is room again; 0 never pauses.',
    unit: 'GiB',
  }),
})
export type Settings = z.infer<typeof SettingsSchema>
export type SettingKey = keyof Settings

/** A change of some settings. */
export const SettingsPatchSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(SettingsSchema.shape).map(([key, value]) => [key, (value as z.ZodDefault<z.ZodType>).unwrap().optional()]),
  ) as { [Key in SettingKey]: z.ZodOptional<z.ZodType<Settings[Key], Settings[Key]>> },
)
export type SettingsPatch = z.infer<typeof SettingsPatchSchema>

export const SETTING_KEYS = Object.keys(SettingsSchema.shape) as SettingKey[]

/** What a setting may be where that is one of a few; null where it is a number. */
export function settingChoices(key: SettingKey): readonly string[] | null {
  const inner = SettingsSchema.shape[key].unwrap()
  return inner instanceof z.ZodEnum ? (inner.options as string[]) : null
}

/** What is shown of one setting. */
export function settingInfo(key: SettingKey): SettingInfo {
  return SettingsSchema.shape[key].meta()?.['setting'] as SettingInfo
}
