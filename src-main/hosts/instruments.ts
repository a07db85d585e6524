import type { ChildProcess } from 'node:child_process'
import { UserError } from '../contract/errors.js'
import { LookReportSchema, type InstrumentView } from '../contract/instruments.js'
import type { Instruments } from '../features/lab/laboratory.js'
import { guarded, warn } from '../processes/guarded.js'
import { forkQuietly } from './tool-process.js'

type Request = Parameters<Instruments['look']>[0]

/** Milliseconds after the last answer in which the process waits for another question. */
const IDLE = 120_000

interface Question {
  request: Request
  resolve(view: InstrumentView): void
  reject(error: unknown): void
}

interface Resident {
  child: ChildProcess
  /** Those that wait for their answers, which come in order. */
  waiting: Question[]
}

/**
 * The instruments of the lab, in one resident process that is started by the first question and ends when nobody has asked for a while.
 * @param entry absolute path of the trainer's program
 * @param environment variables of a process that takes one of several parts of the machine
 * @param options.idle milliseconds that it waits for another question
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
    // 'close' and not 'exit': only then all that it wrote has arrived.
    child.once(
      'close',
      guarded(rejectAll, (code: number | null, signal: NodeJS.Signals | null) => {
        leave(own)
        // It ends by itself after an answer when it has grown too large; what it has not read is asked of the next one.
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
      // The next question is for another one, also while this one is still ending.
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
      // What cannot be sent is answered by the end of the process.
      if (own.child.connected) own.child.send(question, () => undefined)
    })
  }

  return {
    look,
    renew() {
      const own = resident
      if (!own) return
      leave(own)
      // One that has questions to answer ends when it has rested.
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
