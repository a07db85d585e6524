import type { ChildProcess } from 'node:child_process'
import { UserError } from '../contract/errors.js'
import { LookReportSchema, type InstrumentView } from '../contract/instruments.js'
import type { Instruments } from '../features/lab/laboratory.js'
import { guarded, warn } from '../processes/guarded.js'
import { forkQuietly } from './tool-process.js'

type Request = Parameters<Instruments['look']>[0]

/** Milliseconds after its last answer for which the process waits for another request. */
const IDLE = 120_000

interface Question {
  request: Request
  resolve(view: InstrumentView): void
  reject(error: unknown): void
}

interface Resident {
  child: ChildProcess
  /** Requests that wait for their answers, which arrive in order. */
  waiting: Question[]
}

/**
 * The instruments of the lab, in one resident process that is started by the first request and ends after a period without requests.
 * @param entry absolute path of the trainer program
 * @param environment variables of a process that uses one of several shares of the machine
 * @param options.idle milliseconds that it waits for another request
 */
export function createInstruments(
  entry: string,
  environment: (share: { slot: number; slots: number }) => Promise<Record<string, string | undefined>> | Record<string, string | undefined>,
  { idle = IDLE }: { idle?: number } = {},
): Instruments {
  let resident: Resident | null = null
  let starting: Promise<Resident> | null = null
  let timer: NodeJS.Timeout | undefined

  async function start(beside: number): Promise<Resident> {
    const env = { ...process.env, ...(await environment({ slot: beside, slots: beside + 1 })) }
    const waiting: Resident['waiting'] = []
    const rejectAll = (error: unknown): void => waiting.splice(0).forEach(({ reject }) => reject(error))
    const { child, lastLines } = forkQuietly(entry, ['--lab'], env, rejectAll)
    const own: Resident = { child, waiting }
    child.on(
      'message',
      guarded(rejectAll, (message) => {
        const report = LookReportSchema.parse(message)
        const asked = waiting.shift()
        if (report.kind === 'view') asked?.resolve(report.view)
        else asked?.reject(new UserError(report.code, report.message))
        if (waiting.length === 0) rest(own)
      }),
    )
    child.once('error', guarded(rejectAll, rejectAll))
    // 'close' instead of 'exit', because only then all of its output has arrived.
    child.once(
      'close',
      guarded(rejectAll, (code: number | null, signal: NodeJS.Signals | null) => {
        leave(own)
        // The process ends by itself after an answer when it has grown too large; requests that it has not read go to the next one.
        if (code === 0) return waiting.splice(0).forEach(({ request, resolve, reject }) => void look(request).then(resolve, reject))
        rejectAll(new UserError('INTERNAL', `The process of the lab ended with ${signal ?? code ?? -1}${lastLines()}`))
      }),
    )
    resident = own
    return own
  }

  function leave(own: Resident): void {
    if (resident === own) resident = null
  }

  function rest(own: Resident): void {
    clearTimeout(timer)
    const end = guarded(warn, () => {
      // The next request starts another process, even while this one is still ending.
      leave(own)
      own.child.kill()
    })
    timer = setTimeout(end, idle)
    timer.unref()
  }

  async function look(request: Request): Promise<InstrumentView> {
    const { beside, ...question } = request
    clearTimeout(timer)
    const own = resident ?? (await (starting ??= start(beside).finally(() => (starting = null))))
    return new Promise((resolve, reject) => {
      own.waiting.push({ request, resolve, reject })
      // A request that cannot be sent is settled by the end of the process.
      if (own.child.connected) own.child.send(question, () => undefined)
    })
  }

  return {
    look,
    renew() {
      const own = resident
      if (!own) return
      leave(own)
      // A process with pending requests ends when it becomes idle.
      if (own.waiting.length === 0) own.child.kill()
    },
    async close() {
      clearTimeout(timer)
      const own = resident ?? (await starting)
      if (!own) return
      const ended = new Promise((resolve) => own.child.once('close', resolve))
      if (own.child.exitCode === null && own.child.signalCode === null) {
        own.child.kill('SIGKILL')
        await ended
      }
    },
  }
}
