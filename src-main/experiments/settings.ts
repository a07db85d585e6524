import { SettingsSchema, SETTING_KEYS, type Settings, type SettingsPatch } from '../contract/settings.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import type { SettingsStore } from './ports.js'

/** The settings in force; one that is missing, or that this version does not understand, has its default. */
export function readSettings(store: SettingsStore): Settings {
  const stored = SETTING_KEYS.map((key) => {
    const parsed = SettingsSchema.shape[key].safeParse(store.get(key))
    return [key, parsed.success ? parsed.data : SettingsSchema.shape[key].parse(undefined)] as const
  })
  return Object.fromEntries(stored) as Settings
}

interface SettingsPorts {
  changes: Changes
  settings: SettingsStore
}

/** @param changed called after settings were changed and committed */
export function createSettings({ changes, settings }: SettingsPorts, changed: () => void): Services['settings'] {
  return {
    get: async () => readSettings(settings),
    async update(patch: SettingsPatch) {
      const next = changes.commit((record) => {
        for (const [key, value] of Object.entries(patch)) if (value !== undefined) settings.set(key, value)
        const all = readSettings(settings)
        record({ kind: 'settings', settings: all })
        return all
      })
      changed()
      return next
    },
  }
}
