import { isUserError } from '../contract/errors.js'
import { importDataset } from './import.js'
import { ImportOrderSchema, type ImportNews } from './import-messages.js'

/**
 * Entry of the process that imports one data set: decoding images of unknown origin keeps away from the process that holds the
 * home, which a crash of a decoder must not end, and whose thread must not wait.
 */
const PROGRESS_EVERY = 100

const controller = new AbortController()
// The host is gone: what was begun is removed, and nobody waits for the rest.
process.on('disconnect', () => controller.abort(new Error('the host has ended')))
// Ctrl-C reaches every process of a terminal; the host says when to end.
process.on('SIGINT', () => undefined)

const tell = (news: ImportNews): void => {
  if (process.connected) process.send?.(news)
}

process.on('message', (message) => {
  const order = ImportOrderSchema.parse(message)
  if (order.kind === 'cancel') return controller.abort(new Error('cancelled'))
  let told = 0
  void importDataset(order.request, {
    into: order.into,
    signal: controller.signal,
    onProgress(progress, text) {
      if (Date.now() - told < PROGRESS_EVERY) return
      told = Date.now()
      tell({ kind: 'progress', progress, message: text })
    },
  })
    .then(
      (dataset) => tell({ kind: 'done', dataset }),
      (error: unknown) =>
        tell({
          kind: 'failed',
          code: isUserError(error) ? error.code : null,
          message: error instanceof Error ? (isUserError(error) ? error.message : (error.stack ?? error.message)) : String(error),
        }),
    )
    .finally(() => process.connected && process.disconnect())
})
