import { keepToOwner } from '../durable/own-files.js'
import { leaveSignalsToHost, openOutbox } from '../processes/child.js'
import { isUserError } from '../contract/errors.js'
import { SetupEnded } from './failure.js'
import type { Progress } from './progress.js'
import { SetUpOrderSchema, type SetUpNews } from './set-up-messages.js'
import { setUp } from './setup.js'

const REPEAT_MS = 1000

/** Entry of the process in which a host sets up the native engine: hashing and unpacking a gigabyte must not block the host's thread. */
keepToOwner()
// SIGTERM, with which the host cancels, is handled by the set-up itself, which cleans up.
leaveSignalsToHost()
const controller = new AbortController()
process.on('disconnect', () => controller.abort(new SetupEnded('SIGTERM')))

const outbox = openOutbox()
const tell = (news: SetUpNews): void => outbox.send(news)

let now: Extract<SetUpNews, { kind: 'progress' }> = { kind: 'progress', progress: null, message: '' }
const show = (fraction: number | null, message: string): void => tell((now = { kind: 'progress', progress: fraction, message }))
// Repeated regularly: a window that opens meanwhile has not heard anything yet, and reports in quick succession are dropped.
setInterval(() => tell(now), REPEAT_MS).unref()

const progress: Progress = {
  note: (message) => show(null, message),
  stage(title) {
    show(null, title)
    return {
      update: (fraction) => show(fraction, title),
      done: () => undefined,
      failed: () => undefined,
    }
  },
}

async function obey(message: unknown): Promise<void> {
  const { offline } = SetUpOrderSchema.parse(message)
  try {
    const { failures } = await setUp(progress, {
      force: true,
      skip: ['electron', 'sqlite'],
      offline: offline ?? undefined,
      signal: controller.signal,
    })
    if (failures.native === undefined) tell({ kind: 'done' })
    else tell({ kind: 'failed', message: `${failures.native.reason} ${failures.native.remedy}` })
  } catch (error) {
    if (!(error instanceof SetupEnded || isUserError(error))) throw error
    tell({ kind: 'failed', message: error.message })
  } finally {
    await outbox.drain()
    if (process.connected) process.disconnect()
  }
}

process.on('message', (message) => void obey(message))
