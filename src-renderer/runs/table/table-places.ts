import { defineStore } from 'pinia'
import { markRaw, shallowRef } from 'vue'

/** The scroll position of a table. */
export interface Place {
  /** The row at the top, and how many pixels of it are hidden, so that rows inserted above it do not move the visible ones. */
  row: string
  beyond: number
  /** Used if that row no longer exists. */
  top: number
  left: number
}

/** The scroll positions of the table of runs, by view, and the expanded studies; kept as long as the window is open. */
export const useTablePlaces = defineStore('tablePlaces', () => ({
  byView: markRaw(new Map<string, Place>()),
  unfolded: shallowRef<ReadonlySet<string>>(new Set()),
  /** While a search or filter is active, studies are expanded to show the matches, except these. */
  folded: shallowRef<ReadonlySet<string>>(new Set()),
}))
