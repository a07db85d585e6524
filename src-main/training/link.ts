import { UserError } from '../contract/errors.js'
import { CommandSchema, PROTOCOL, type Job, type Report } from './messages.js'

export type StopCommand = 'pause' | 'stop' | 'hostLost'

/** A trainer's end of the channel to its host. */
export interface HostLink {
  report(report: Report): void
  /** Resolves with the job that the host sends after hello. */
  job(): Promise<Job>
  /** What ends the run after the current step; null while it may go on. The first one counts. */
  readonly wanted: StopCommand | null
  /** Lets messages of the host arrive; a training step never yields by itself. */
  breathe(): Promise<void>
  /** Resolves when everything reported has left this process. */
  drain(): Promise<void>
}

/** Connects to the process that forked this one, by Node's channel with structured clone. */
export function connectToHost(host: NodeJS.Process = process): HostLink {
  if (!host.send)
    throw new UserError('BAD_INPUT', 'a trainer is started by Retrace, not by hand; use `npm run -s retrace -- train` instead')
  let wanted: StopCommand | null = null
  let unsent = 0
  const drained: (() => void)[] = []
  let receive: (job: Job) => void = () => {}
  let refuse: (error: unknown) => void = () => {}
  const job = new Promise<Job>((resolve, reject) => ([receive, refuse] = [resolve, reject]))

  host.on('message', (message: unknown) => {
    const command = CommandSchema.safeParse(message)
    if (!command.success) return refuse(new Error(`the host sent what this trainer does not understand: ${command.error.message}`))
    if (command.data.kind === 'job') receive(command.data)
    else wanted ??= command.data.kind
  })
  host.on('disconnect', () => {
    wanted ??= 'hostLost'
    refuse(new Error('the host went away before it sent a job'))
  })
  const link: HostLink = {
    report(report) {
      if (!host.connected) return
      unsent++
      host.send!(report, undefined, undefined, () => {
        // An error here means that the host is gone; 'disconnect' says so as well and decides what follows.
        if (--unsent === 0) for (const done of drained.splice(0)) done()
      })
    },
    job: () => job,
    get wanted() {
      return wanted
    },
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    drain: () => (unsent === 0 ? Promise.resolve() : new Promise((resolve) => drained.push(resolve))),
  }
  link.report({ kind: 'hello', protocol: PROTOCOL, pid: host.pid })
  return link
}
