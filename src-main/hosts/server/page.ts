import { reinstall } from '../../processes/installation.js'
import { existsSync, readFileSync } from 'node:fs'
import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import sirv from 'sirv'
import { UserError } from '../../contract/errors.js'
import { guarded } from '../../processes/guarded.js'

/** The source of the workbench's page: the folder of the build or, during development, the server that builds it on demand. */
export type PageAddress = string | URL

export interface PageSource {
  /** The page itself; null while it is not available, as in the middle of a build. */
  index(): Promise<string | null>
  /** Serves any file that the page loads. */
  serve(request: IncomingMessage, response: ServerResponse, missing: () => void): void
  /** Connection sources that the page needs besides the workbench. */
  sockets: string
}

/**
 * Checks that a folder contains the built page.
 * @throws UserError UNAVAILABLE
 */
export function requirePage(page: PageAddress): void {
  if (typeof page === 'string' && !existsSync(join(page, 'index.html')))
    throw new UserError('UNAVAILABLE', `The page of the workbench is not built: ${page} is missing. ${reinstall()}`)
}

/** @param fault receives unexpected errors, which do not affect other requests */
export const pageSource = (page: PageAddress, fault: (error: unknown) => void): PageSource =>
  typeof page === 'string' ? builtPage(page) : pageOfServer(page, fault)

function builtPage(folder: string): PageSource {
  return {
    serve: sirv(folder, { single: true, etag: true }),
    sockets: '',
    async index() {
      try {
        return readFileSync(join(folder, 'index.html'), 'utf8')
      } catch {
        // The caller reports what this may mean.
        return null
      }
    },
  }
}

/** Forwards requests, without headers that are only meant for the workbench. */
function pageOfServer(origin: URL, fault: (error: unknown) => void): PageSource {
  const forward = ({ url = '/', method, headers }: Pick<IncomingMessage, 'url' | 'method' | 'headers'>) => {
    const passed = Object.fromEntries(Object.entries(headers).filter(([name]) => !['authorization', 'cookie', 'origin'].includes(name)))
    return ask(new URL(url.replace(/^\/+/, '/'), origin), { method, headers: { ...passed, host: origin.host } })
  }
  return {
    sockets: `ws://${origin.host}`,
    serve(request, response, missing) {
      const forwarded = forward(request)
      forwarded.once('error', guarded(fault, missing))
      forwarded.once(
        'response',
        guarded(fault, (answer: IncomingMessage) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(response)
        }),
      )
      forwarded.end()
    },
    index: async () => {
      try {
        const answer = await fetch(new URL('/', origin))
        return answer.ok ? await answer.text() : null
      } catch {
        return null
      }
    },
  }
}
