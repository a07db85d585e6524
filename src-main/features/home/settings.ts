import { SettingsSchema, SETTING_KEYS, type Settings } from '../../contract/settings.js'

export interface SettingsStore {
  get(key: string): unknown
  set(key: string, value: unknown): void
}

/** The current settings. One that is missing or unknown to this version has its default. */
export function readSettings(store: SettingsStore): Settings {
  const stored = SETTING_KEYS.map((key) => {
    const parsed = SettingsSchema.shape[key].safeParse(store.get(key))
    return [key, parsed.success ? parsed.data : SettingsSchema.shape[key].parse(undefined)] as const
  })
  return Object.fromEntries(stored) as Settings
}
