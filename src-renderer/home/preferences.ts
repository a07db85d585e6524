import { StorageSerializers, useLocalStorage, useSessionStorage } from '@vueuse/core'
import { defineStore } from 'pinia'

export type ThemeChoice = 'system' | 'light' | 'dark'

/** Preferences of this window that persist. */
export const usePreferences = defineStore('preferences', () => ({
  theme: useLocalStorage<ThemeChoice>('retrace.theme', 'system'),
  /** System notifications while the window is not focused. */
  systemNotifications: useLocalStorage('retrace.systemNotifications', false),
  /** The last search in the table of runs; kept only for the session, so that no row is missing after the next start. */
  runsSearch: useSessionStorage('retrace.runsSearch', ''),
  /** The other view settings of the table of runs, as in the query of an address. */
  runsView: useLocalStorage<Record<string, string | string[]>>('retrace.runsView', {}),
  /** Why the engine was slow when setting it up was postponed; for another reason it is offered again. */
  setUpPutOff: useLocalStorage<string | null>('retrace.setUpPutOff', null, { serializer: StorageSerializers.object }),
  /** Column widths changed by the user, in pixels, by key. */
  columnWidths: useLocalStorage<Record<string, number>>('retrace.columnWidths', {}),
  /** Recent paths by purpose, the latest first. */
  recentPaths: useLocalStorage<Record<string, string[]>>('retrace.recentPaths', {}),
  queueFolded: useLocalStorage('retrace.queueFolded', false),
  /** Whether the guided tour was completed or dismissed. */
  guided: useLocalStorage('retrace.guided', false),
  runTab: useLocalStorage('retrace.runTab', 'charts'),
  /** The side pane of a run's page; empty for none. */
  runBeside: useLocalStorage('retrace.runBeside', ''),
  /** Whether the list of compared runs is shown beside the charts; null: if there is room. */
  compareList: useLocalStorage<boolean | null>('retrace.compareList', null, { serializer: StorageSerializers.object }),
}))
