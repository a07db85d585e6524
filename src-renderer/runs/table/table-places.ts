import { defineStore } from 'pinia'
import { markRaw, shallowRef } from 'vue'

/** Where a table is scrolled to. */
export interface Place {
  /** The row at the top, and how many pixels of it are out of sight: rows that come above it do not move what was read. */
  row: string
  beyond: number
  /** For when that row is gone. */
  top: number
  left: number
}

/** Where the table of runs was left, by its view, and which studies are unfolded in it, as long as the window is open. */
export const useTablePlaces = defineStore('tablePlaces', () => ({
  byView: markRaw(new Map<string, Place>()),
  unfolded: shallowRef<ReadonlySet<string>>(new Set()),
  /** While a search or filter is on, what is found is shown, except in these. */
  folded: shallowRef<ReadonlySet<string>>(new Set()),
}))
