import { fork } from 'node:child_process'
import type { Dataset, ImportDataset, ImportEstimate } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'
import { wasAskedToEnd } from '../processes/end-request.js'
import { guarded } from '../processes/guarded.js'
import { removeLeftovers } from './disk.js'
import type { ImportOptions } from './import.js'
import { ImportNewsSchema, type ImportNews, type ImportOrder } from './import-messages.js'

/** Time limit for a cancelled import to end by itself, in milliseconds. */
const PATIENCE = 10_000
/** Time limit for an estimate in milliseconds, because a user is waiting for it. */
const ESTIMATE_TIME = 60_000
const TAIL = 2000

type LastNews = Exclude<ImportNews, { kind: 'progress' }>
type Order = Exclude<ImportOrder, { kind: 'cancel' }>

/**
 * `importDataset` in a process of its own.
 * @param entry absolute path of the built `import-process`
 * @throws like `importDataset`, and UserError INTERNAL when the process dies
 */
export async function importInProcess(
  entry: string,
  request: ImportDataset,
  { into, onProgress, signal }: Pick<ImportOptions, 'into' | 'onProgress' | 'signal'>,
): Promise<Dataset> {
  const last = await run(entry, { kind: 'import', request, into }, { onProgress, signal })
  if (last.kind !== 'done') throw new Error(`an import answered ${last.kind}`)
  return last.dataset
}

/**
 * `estimateImport` in a process of its own.
 * @throws like `estimateImport`, and UserError INTERNAL when the process dies
 */
export async function estimateInProcess(entry: string, request: ImportDataset, into: string): Promise<ImportEstimate> {
  const signal = AbortSignal.timeout(ESTIMATE_TIME)
  const last = await run(entry, { kind: 'estimate', request, into }, { onProgress: () => undefined, signal })
  if (last.kind !== 'estimated') throw new Error(`an estimate answered ${last.kind}`)
  return last.estimate
}

/** Runs one order, and returns the final message of the process. */
async function run(entry: string, order: Order, { onProgress, signal }: Pick<ImportOptions, 'onProgress' | 'signal'>): Promise<LastNews> {
  signal.throwIfAborted()
  const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  let tail = ''
  let broken: unknown
  const failed = (error: unknown): void => {
    broken ??= error
    child.kill('SIGKILL')
  }
  child.stderr?.on(
    'data',
    guarded(failed, (data: Buffer) => (tail = (tail + data.toString()).slice(-TAIL))),
  )
  const send = (message: ImportOrder): void => {
    if (child.connected) child.send(message)
  }
  let overdue: NodeJS.Timeout | undefined
  const kill = guarded(failed, () => child.kill('SIGKILL'))
  const cancel = guarded(failed, () => {
    overdue = setTimeout(kill, PATIENCE)
    send({ kind: 'cancel' })
  })
  signal.addEventListener('abort', cancel)
  let last: LastNews | undefined
  child.on(
    'message',
    guarded(failed, (message) => {
      const news = ImportNewsSchema.parse(message)
      if (news.kind === 'progress') onProgress(news.progress, news.message)
      else last = news
    }),
  )
  let status: NodeJS.Signals | number
  try {
    status = await new Promise<NodeJS.Signals | number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, killed) => resolve(killed ?? code ?? -1))
      send(order)
    })
  } finally {
    clearTimeout(overdue)
    signal.removeEventListener('abort', cancel)
  }
  if (broken !== undefined && !last) {
    await removeLeftovers(order.into)
    throw broken
  }
  // A completed import counts even if it was cancelled meanwhile: the data set is in place.
  if (last && last.kind !== 'failed') return last
  if (!last) await removeLeftovers(order.into)
  signal.throwIfAborted()
  const { path } = order.request
  if (last?.code) throw new UserError(last.code, last.message)
  if (last) throw new Error(`the import of ${path} failed: ${last.message}`)
  if (wasAskedToEnd(status))
    throw new UserError(
      'UNAVAILABLE',
      `The import of ${path} was terminated by the system or another program (${status}), for example during a shutdown. Nothing was stored; import it again.`,
    )
  const lines = tail.trim().split('\n').slice(-3).join(' | ')
  throw new UserError(
    'INTERNAL',
    `The import of ${path} failed: its process ended with ${status}${lines ? ` (${lines})` : ''}, and nothing was stored. A file may be damaged, or there was not enough memory. Try again with a part of the files.`,
  )
}
