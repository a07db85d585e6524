import type { SequencedChange } from '../../../src-main/contract/changes.js'
import { connectInMemory } from '../../../src-main/transport/memory.js'
import type { Connection } from '../../../src-renderer/home/api.js'
import type { PlayedHome } from '../../fixtures/played-home.js'

type Client = Connection['client']

export interface Unreliable {
  client: Client
  /** From now on, answers to requests about runs are held; their content is from the time of the request. */
  hold(): void
  /** Releases the oldest held answer. */
  release(): void
  /** Releases every answer, and holds none any more. */
  releaseAll(): void
  /** Ends every subscription with an error. */
  cut(): void
}

/** Requests of a window about runs whose answers can be late. */
const LATE: readonly PropertyKey[] = ['table', 'get', 'overview', 'stretch', 'log']

/** A client of a home, whose answers a test can delay and whose subscriptions it can cut. */
export function unreliable({ api, features: { changes } }: PlayedHome): Unreliable {
  let holding = false
  const waiting: (() => void)[] = []
  const cuts = new Set<() => void>()

  const late = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer
    if (holding) await new Promise<void>((resolve) => waiting.push(resolve))
    return value
  }

  const { subscribe } = changes
  changes.subscribe = async function* (options): AsyncGenerator<SequencedChange> {
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
      for await (const change of subscribe({ ...options, signal: control.signal })) {
        if (broken) break
        yield change
      }
      if (broken) throw new Error('the connection broke')
    } finally {
      cuts.delete(cut)
      options.signal.removeEventListener('abort', stop)
    }
  }

  const whole = connectInMemory(api)
  const runs = new Proxy(whole.runs, {
    get(all, name: keyof Client['runs']) {
      if (!LATE.includes(name)) return all[name]
      const { query } = all[name] as Client['runs']['get']
      return { query: (...asked: Parameters<typeof query>) => late(query(...asked)) }
    },
  })
  return {
    client: new Proxy(whole, { get: (all, name: keyof Client) => (name === 'runs' ? runs : all[name]) }),
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
