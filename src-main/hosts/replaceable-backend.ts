import type { Services } from '../contract/services.js'

/** The back end of a home, however it is made; see `wire.ts` for the real one. */
export interface Backend {
  services: Services
  close(): Promise<void>
}

/** A back end that can be closed and opened anew while its clients stay: what they call meanwhile waits. */
export class ReplaceableBackend implements Backend {
  readonly services: Services
  private current: Promise<Backend>
  private closing: Promise<void> | undefined

  private constructor(first: Backend) {
    this.current = Promise.resolve(first)
    this.services = forward(() => this.current.then(({ services }) => services))
  }

  static async open(open: () => Promise<Backend>): Promise<ReplaceableBackend> {
    return new ReplaceableBackend(await open())
  }

  /** Closes the back end, and puts the one that `open` makes in its place. */
  async replace(open: (closed: PromiseSettledResult<void>) => Promise<Backend>): Promise<void> {
    if (this.closing) return
    const old = this.current
    this.current = old.then(async (backend) => {
      const [closed] = await Promise.allSettled([backend.close()])
      return open(closed)
    })
    await this.current
  }

  close(): Promise<void> {
    return (this.closing ??= this.current.then((backend) => backend.close()))
  }
}

type Method = (...args: unknown[]) => Promise<unknown>

/** Services whose every call goes to those that there are when it is made. */
function forward(current: () => Promise<Services>): Services {
  const group = (name: keyof Services): unknown =>
    new Proxy(
      {},
      {
        get: (_, method: string) =>
          (async (...args) => ((await current())[name] as unknown as Record<string, Method>)[method]?.(...args)) satisfies Method,
      },
    )
  const changes: Services['changes'] = {
    subscribe: (options) => ({
      async *[Symbol.asyncIterator]() {
        yield* (await current()).changes.subscribe(options)
      },
    }),
  }
  return new Proxy({} as Services, {
    get: (_, name: string | symbol) =>
      // Whoever awaits the whole must not take it for a promise.
      typeof name === 'symbol' || name === 'then' ? undefined : name === 'changes' ? changes : group(name as keyof Services),
  })
}
