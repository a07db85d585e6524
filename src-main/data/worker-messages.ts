import type { Plan } from './prepare.js'

/** The initial data of the thread that prepares batches. */
export interface WorkerStart {
  plan: Plan
  fromStep: number
  /** Memory of each slot: images [batch, height, width, channels], labels [batch]. */
  slots: Slot[]
}

export interface Slot {
  images: Float32Array<SharedArrayBuffer>
  labels: Int32Array<SharedArrayBuffer>
}

/** To the thread: this slot is free, prepare the next batch in it. From the thread: it contains the batch of this step. */
export interface SlotMessage {
  slot: number
}
export interface PreparedMessage extends SlotMessage {
  step: number
}
