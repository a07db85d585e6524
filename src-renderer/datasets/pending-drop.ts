import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { droppedFiles, placeOf, type DroppedFile } from './dropped.js'

/** What was dropped: its path where the window may know it, and its files, which are only read where that is not so. */
export interface Drop {
  place: string | null
  files: Promise<DroppedFile[]>
}

/** Must be called during the event. */
export function dropOf(transfer: DataTransfer): Drop {
  const [first] = transfer.files
  const place = first ? placeOf(first) : null
  return { place, files: place === null ? droppedFiles(transfer) : Promise.resolve([]) }
}

/** A data set that was dropped on another page, until the page of data sets takes it. */
export const usePendingDrop = defineStore('pendingDrop', () => ({ drop: shallowRef<Drop | null>(null) }))
