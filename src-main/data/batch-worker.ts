import { parentPort, workerData } from 'node:worker_threads'
import { Preparer } from './prepare.js'
import type { PreparedMessage, SlotMessage, WorkerStart } from './worker-messages.js'

/** Entry of the thread that prepares batches: it fills free slots with the batches of consecutive steps. */
if (!parentPort) throw new Error('batch-worker is the entry of a worker thread')
const port = parentPort
const { plan, fromStep, slots } = workerData as WorkerStart
const preparer = new Preparer(plan)
let step = fromStep

port.on('message', ({ slot }: SlotMessage) => {
  const { images, labels } = slots[slot]!
  preparer.prepare(step, images, labels)
  port.postMessage({ slot, step: step++ } satisfies PreparedMessage)
})
