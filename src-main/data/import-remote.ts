import { fork } from 'node:child_process'
import { type Dataset, type ImportDataset } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'
import { removeLeftovers } from './disk.js'
import type { ImportOptions } from './import.js'
import { ImportNewsSchema, type ImportNews, type ImportOrder } from './import-messages.js'

/** Milliseconds that a cancelled import has to end by itself. */
const PATIENCE = 10_000
const TAIL = 2000

/**
 * `importDataset` in a process of its own.
 * @param entry absolute path of the built `import-process`
 * @throws as `importDataset` does, and UserError INTERNAL when the process dies
 */
export async function importInProcess(
  entry: string,
  request: ImportDataset,
  { into, onProgress, signal }: Pick<ImportOptions, 'into' | 'onProgress' | 'signal'>,
): Promise<Dataset> {
  signal.throwIfAborted()
  const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  let tail = ''
  child.stderr?.on('data', (data: Buffer) => (tail = (tail + data.toString()).slice(-TAIL)))
  const send = (order: ImportOrder): void => {
    if (child.connected) child.send(order)
  }
  let overdue: NodeJS.Timeout | undefined
  const cancel = (): void => {
    send({ kind: 'cancel' })
    overdue = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
  }
  signal.addEventListener('abort', cancel)
  let last: Exclude<ImportNews, { kind: 'progress' }> | undefined
  child.on('message', (message) => {
    const news = ImportNewsSchema.parse(message)
    if (news.kind === 'progress') onProgress(news.progress, news.message)
    else last = news
  })
  let status: NodeJS.Signals | number
  try {
    status = await new Promise<NodeJS.Signals | number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, killed) => resolve(killed ?? code ?? -1))
      send({ kind: 'import', request, into })
    })
  } finally {
    clearTimeout(overdue)
    signal.removeEventListener('abort', cancel)
  }
  // The data set is in its place then, whatever was asked meanwhile.
  if (last?.kind === 'done') return last.dataset
  if (!last) await removeLeftovers(into)
  signal.throwIfAborted()
  if (last?.code) throw new UserError(last.code, last.message)
  if (last) throw new Error(`the import of ${request.path} failed: ${last.message}`)
  const lines = tail.trim().split('\n').slice(-3).join(' | ')
  throw new UserError(
    'INTERNAL',
    `The process that imported ${request.path} ended with ${status}${lines ? ` (${lines})` : ''}; nothing was stored. One of the files may be damaged, or the memory was not enough: try again with a part of them.`,
  )
}
