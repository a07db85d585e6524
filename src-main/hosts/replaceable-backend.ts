import type { Features } from '../features/open.js'
import type { Api, AppRouter } from '../features/router.js'

/** The back end of a home, however it is created; see `wire.ts` for the real one. */
export interface Backend extends Api {
  close(): Promise<void>
}

/** A back end that can be closed and reopened while its clients stay connected: their calls wait meanwhile. */
export class ReplaceableBackend implements Backend {
  readonly router: AppRouter
  private current: Promise<Backend>
  private closing: Promise<void> | undefined

  private constructor(first: Backend) {
    this.router = first.router
    this.current = Promise.resolve(first)
  }

  static async open(open: () => Promise<Backend>): Promise<ReplaceableBackend> {
    return new ReplaceableBackend(await open())
  }

  readonly features = (): Promise<Features> => this.current.then((backend) => backend.features())

  /** Closes the back end, and replaces it with the one that `open` creates. */
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
