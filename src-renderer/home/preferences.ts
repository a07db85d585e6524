import { StorageSerializers, useLocalStorage, useSessionStorage } from '@vueuse/core'
import { defineStore } from 'pinia'

export type ThemeChoice = 'system' | 'light' | 'dark'

/** What the user set in this window and expects to find again. */
export const usePreferences = defineStore('preferences', () => ({
  theme: useLocalStorage<ThemeChoice>('retrace.theme', 'system'),
  /** Notifications of the system while the window is not looked at. */
  systemNotifications: useLocalStorage('retrace.systemNotifications', false),
  /** What the table of runs was searched for last: as long as the window is open, so that no row is missing at the next start. */
  runsSearch: useSessionStorage('retrace.runsSearch', ''),
  /** How the table of runs was looked at last otherwise, as an address writes it. */
  runsView: useLocalStorage<Record<string, string | string[]>>('retrace.runsView', {}),
  /** Why the engine was slow when setting it up was put off; another reason asks again. */
  setUpPutOff: useLocalStorage<string | null>('retrace.setUpPutOff', null, { serializer: StorageSerializers.object }),
  /** Widths of columns of that table that were changed, in pixels, by key. */
  columnWidths: useLocalStorage<Record<string, number>>('retrace.columnWidths', {}),
  /** Paths that were used, by what for, the last one first. */
  recentPaths: useLocalStorage<Record<string, string[]>>('retrace.recentPaths', {}),
  queueFolded: useLocalStorage('retrace.queueFolded', false),
  /** Whether the guided first run was gone through or left. */
  guided: useLocalStorage('retrace.guided', false),
  runTab: useLocalStorage('retrace.runTab', 'charts'),
  /** The side pane of a run's page; empty for none. */
  runBeside: useLocalStorage('retrace.runBeside', ''),
  /** Whether the list of compared runs is shown beside the charts; null: if there is room. */
  compareList: useLocalStorage<boolean | null>('retrace.compareList', null, { serializer: StorageSerializers.object }),
}))
