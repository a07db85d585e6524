import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { droppedFiles, placeOf, type DroppedFile } from './dropped.js'

/** A dropped item: its path if the window may know it, otherwise its files, which are read only in that case. */
export interface Drop {
  place: string | null
  files: Promise<DroppedFile[]>
}

/** Must be called during the event, as for `droppedFiles`. */
export function dropOf(transfer: DataTransfer): Drop {
  const [first] = transfer.files
  const place = first ? placeOf(first) : null
  return { place, files: place === null ? droppedFiles(transfer) : Promise.resolve([]) }
}

/** A data set dropped on another page, until the data sets page opens it. */
export const usePendingDrop = defineStore('pendingDrop', () => ({ drop: shallowRef<Drop | null>(null) }))
