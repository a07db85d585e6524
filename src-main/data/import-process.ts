import { isUserError, UserError } from '../contract/errors.js'
import { keepToOwner } from '../durable/own-files.js'
import { leaveSignalsToHost, openOutbox } from '../processes/child.js'
import { estimateImport } from './estimate.js'
import { importDataset } from './import.js'
import { ImportOrderSchema, type ImportNews } from './import-messages.js'

/**
 * Entry of the process that imports one data set. Images of unknown origin are decoded outside of the process that holds the home, so that
 * a crash of a decoder does not end it and its thread is not blocked.
 */
const PROGRESS_EVERY = 100

keepToOwner()
const controller = new AbortController()
// The host has ended: partial results are removed, and nothing else is expected.
process.on('disconnect', () => controller.abort(new Error('the host has ended')))
leaveSignalsToHost(() =>
  controller.abort(
    new UserError(
      'UNAVAILABLE',
      'The import was terminated by the system or another program, for example during a shutdown. Nothing was stored; import it again.',
    ),
  ),
)

const outbox = openOutbox()
const tell = (news: ImportNews): void => outbox.send(news)

let told = -Infinity
function onProgress(progress: number | null, message: string): void {
  if (performance.now() - told < PROGRESS_EVERY) return
  told = performance.now()
  tell({ kind: 'progress', progress, message })
}

async function obey(message: unknown): Promise<void> {
  const order = ImportOrderSchema.parse(message)
  if (order.kind === 'cancel') return controller.abort(new Error('cancelled'))
  const { request, into } = order
  const { signal } = controller
  try {
    if (order.kind === 'estimate') tell({ kind: 'estimated', estimate: await estimateImport(request, { into, signal }) })
    else tell({ kind: 'done', dataset: await importDataset(request, { into, signal, onProgress }) })
  } catch (error) {
    if (isUserError(error)) tell({ kind: 'failed', code: error.code, message: error.message })
    else tell({ kind: 'failed', code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  } finally {
    await outbox.drain()
    if (process.connected) process.disconnect()
  }
}

process.on('message', (message) => void obey(message))
