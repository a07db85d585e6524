/** The process of this one; tests give another. */
type Self = Pick<NodeJS.Process, 'on' | 'send' | 'connected'>

/** A child's channel to its host, over Node's IPC. */
export interface Outbox {
  /** Sends the message; without a host it goes nowhere, which 'disconnect' tells as well. */
  send(message: object): void
  /**
   * Resolves when all that was sent has left this process. To be waited for before it exits or disconnects: a message that is larger
   * than the buffer of the channel is otherwise cut off.
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
        // An error here means that the host is gone; 'disconnect' says so as well and decides what follows.
        if (--unsent === 0) for (const done of drained.splice(0)) done()
      })
    },
    drain: () => (unsent === 0 ? Promise.resolve() : new Promise((resolve) => drained.push(resolve))),
  }
}

/**
 * Signals as a child of the host takes them. Ctrl+C and the end of a terminal reach every process there, and it is the host that decides
 * what they mean for its children.
 * @param end what to do at SIGTERM, which may come from outside (a shutdown, a service manager, a batch system) and more than once;
 *   absent, the system ends the process at once, which is right for what leaves nothing behind
 */
export function leaveSignalsToHost(end?: () => void, self: Self = process): void {
  for (const signal of ['SIGINT', 'SIGHUP'] as const) self.on(signal, () => undefined)
  if (end) self.on('SIGTERM', end)
}
