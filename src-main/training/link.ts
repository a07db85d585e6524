import { ownCommand } from '../processes/installation.js'
import { UserError } from '../contract/errors.js'
import { leaveSignalsToHost, openOutbox } from '../processes/child.js'
import { CommandSchema, PROTOCOL, type Job, type Report } from './messages.js'

/** `terminated`: something other than the host asked this process to end, such as a shutdown. */
export type StopCommand = 'pause' | 'stop' | 'hostLost' | 'homeLost' | 'terminated'

/** A trainer's end of the channel to its host. */
export interface HostLink {
  report(report: Report): void
  /** Resolves with the job that the host sends after hello. */
  job(): Promise<Job>
  /** The command that ends the run after the current step; null while it continues. Only the first one counts. */
  readonly wanted: StopCommand | null
  /** Set when the home has moved: the new checkpoint folder, or null if there is none. */
  readonly moved: { checkpointFolder: string | null } | null
  /** Resolves when `moved` is set, when the host has died, or after this number of milliseconds. */
  whenMoved(milliseconds: number): Promise<void>
  /** The sequence number of the last points that the host has committed; 0 before any. */
  readonly kept: number
  /** Resolves when the host has committed points up to that number, when it has died, or after this number of milliseconds. */
  whenKept(sequence: number, milliseconds: number): Promise<void>
  /** Lets messages of the host arrive, because a training step never yields by itself. */
  breathe(): Promise<void>
  /** Resolves when everything reported has left this process. */
  drain(): Promise<void>
}

/** Connects to the process that forked this one, by Node's channel with structured clone. */
export function connectToHost(host: NodeJS.Process = process): HostLink {
  if (!host.send)
    throw new UserError(
      'BAD_INPUT',
      `The trainer cannot be started by hand. Use the command \`train\` of ${ownCommand('retrace')} instead.`,
    )
  let wanted: StopCommand | null = null
  const outbox = openOutbox(host)
  let kept = 0
  let moved: HostLink['moved'] = null
  const waiting = new Set<() => void>()
  let receive: (job: Job) => void = () => {}
  let refuse: (error: unknown) => void = () => {}
  const job = new Promise<Job>((resolve, reject) => ([receive, refuse] = [resolve, reject]))

  host.on('message', (message: unknown) => {
    const command = CommandSchema.safeParse(message)
    if (!command.success)
      return refuse(new Error(`the host sent a message that this trainer does not understand: ${command.error.message}`))
    if (command.data.kind === 'job') receive(command.data)
    else if (command.data.kind === 'kept') {
      kept = command.data.sequence
      for (const look of waiting) look()
    } else {
      if (command.data.kind === 'homeLost') moved = { checkpointFolder: command.data.checkpointFolder }
      wanted ??= command.data.kind
      for (const look of waiting) look()
    }
  })
  host.on('disconnect', () => {
    wanted ??= 'hostLost'
    refuse(new Error('the host exited before it sent a job'))
    for (const look of waiting) look()
  })
  /** Resolves when `done` returns true, when the host has died, or after this number of milliseconds. */
  const until = (done: () => boolean, milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        waiting.delete(look)
        resolve()
      }
      const look = (): void => {
        if (done() || !host.connected) end()
      }
      const timer = setTimeout(end, milliseconds)
      waiting.add(look)
      look()
    })
  leaveSignalsToHost(() => void (wanted ??= 'terminated'), host)
  const link: HostLink = {
    report: outbox.send,
    job: () => job,
    get wanted() {
      return wanted
    },
    get moved() {
      return moved
    },
    whenMoved: (milliseconds) => until(() => moved !== null, milliseconds),
    get kept() {
      return kept
    },
    // A host that has lost the home acknowledges nothing any more.
    whenKept: (sequence, milliseconds) => until(() => kept >= sequence || moved !== null, milliseconds),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    drain: outbox.drain,
  }
  link.report({ kind: 'hello', protocol: PROTOCOL, pid: host.pid })
  return link
}
