import { StorageSerializers, useLocalStorage } from '@vueuse/core'
import { defineStore } from 'pinia'

export type ThemeChoice = 'system' | 'light' | 'dark'

/** What the user set in this window and expects to find again. */
export const usePreferences = defineStore('preferences', () => ({
  theme: useLocalStorage<ThemeChoice>('retrace.theme', 'system'),
  /** Notifications of the system while the window is not looked at. */
  systemNotifications: useLocalStorage('retrace.systemNotifications', false),
  /** How the table of runs was looked at last, as an address writes it. */
  runsView: useLocalStorage<Record<string, string | string[]>>('retrace.runsView', {}),
  /** Why the engine was slow when setting it up was put off; another reason asks again. */
  setUpPutOff: useLocalStorage<string | null>('retrace.setUpPutOff', null, { serializer: StorageSerializers.object }),
  runTab: useLocalStorage('retrace.runTab', 'charts'),
  /** What stands beside the tab of a run; empty for nothing. */
  runBeside: useLocalStorage('retrace.runBeside', ''),
  /** Whether the list of what is compared stands beside its charts; null: where there is room. */
  compareList: useLocalStorage<boolean | null>('retrace.compareList', null, { serializer: StorageSerializers.object }),
}))
