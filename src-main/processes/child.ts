/** The current process; tests pass another one. */
type Self = Pick<NodeJS.Process, 'on' | 'send' | 'connected'>

/** A child's channel to its host, over Node's IPC. */
export interface Outbox {
  /** Sends the message; without a host it is discarded, which 'disconnect' reports as well. */
  send(message: object): void
  /**
   * Resolves when everything that was sent has left this process. It must be awaited before the process exits or disconnects, because a
   * message that is larger than the buffer of the channel would otherwise be truncated.
   */
  drain(): Promise<void>
}

export function openOutbox(self: Self = process): Outbox {
  let unsent = 0
  const drained: (() => void)[] = []
  return {
    send(message) {
      if (!self.connected) return
      unsent++
      self.send!(message, undefined, undefined, () => {
        // An error here means that the host has died; 'disconnect' reports this as well and decides what follows.
        if (--unsent === 0) for (const done of drained.splice(0)) done()
      })
    },
    drain: () => (unsent === 0 ? Promise.resolve() : new Promise((resolve) => drained.push(resolve))),
  }
}

/**
 * Signal handling of a child of the host. Ctrl+C and the closing of a terminal reach every process there, and the host decides what they
 * mean for its children.
 * @param end called on SIGTERM, which may come from outside (a shutdown, a service manager, a batch system) and more than once; if absent,
 *   the system ends the process at once, which is right for a process that leaves nothing behind
 */
export function leaveSignalsToHost(end?: () => void, self: Self = process): void {
  for (const signal of ['SIGINT', 'SIGHUP'] as const) self.on(signal, () => undefined)
  if (end) self.on('SIGTERM', end)
}
