import type { SequencedChange } from '../../../src-main/contract/changes.js'
import type { Services } from '../../../src-main/contract/services.js'

export interface Unreliable {
  services: Services
  /** From now on answers to questions about runs wait; what they say was true when they were asked. */
  hold(): void
  /** Lets the oldest waiting answer go. */
  release(): void
  /** Lets every answer go, and holds none any more. */
  releaseAll(): void
  /** Ends every subscription with an error. */
  cut(): void
}

/** Services over services, whose answers a test holds up and whose subscriptions it cuts off. */
export function unreliable(inner: Services): Unreliable {
  let holding = false
  const waiting: (() => void)[] = []
  const cuts = new Set<() => void>()

  const late = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer
    if (holding) await new Promise<void>((resolve) => waiting.push(resolve))
    return value
  }

  async function* subscribe(options: Parameters<Services['changes']['subscribe']>[0]): AsyncGenerator<SequencedChange> {
    const control = new AbortController()
    const stop = (): void => control.abort()
    let broken = false
    const cut = (): void => {
      broken = true
      control.abort()
    }
    options.signal.addEventListener('abort', stop)
    cuts.add(cut)
    try {
      for await (const change of inner.changes.subscribe({ ...options, signal: control.signal })) {
        if (broken) break
        yield change
      }
      if (broken) throw new Error('the connection broke')
    } finally {
      cuts.delete(cut)
      options.signal.removeEventListener('abort', stop)
    }
  }

  return {
    services: {
      ...inner,
      runs: {
        ...inner.runs,
        table: () => late(inner.runs.table()),
        get: (id) => late(inner.runs.get(id)),
        overview: (id) => late(inner.runs.overview(id)),
        stretch: (id, request) => late(inner.runs.stretch(id, request)),
        log: (id, options) => late(inner.runs.log(id, options)),
      },
      changes: { subscribe },
    },
    hold: () => {
      holding = true
    },
    release: () => waiting.shift()?.(),
    releaseAll: () => {
      holding = false
      for (const go of waiting.splice(0)) go()
    },
    cut: () => {
      for (const cut of [...cuts]) cut()
    },
  }
}
