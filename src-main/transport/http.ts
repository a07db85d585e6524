import type { IncomingMessage, ServerResponse } from 'node:http'
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http'
import { Subscriptions } from '../contract/subscriptions.js'
import { anywhere } from './writing.js'
import type { Api } from '../features/router.js'
import { isDefect, MAX_MESSAGE_BYTES, type DefectListener } from './channel-server.js'

/** Every procedure of the API has its own URL below this path: `GET /api/runs.list`, `POST /api/runs.create`. */
export const HTTP_API_PATH = '/api/'

/**
 * Serves one HTTP request to a procedure, for programs without WebSocket, such as Python scripts. Queries are GET with `?input=`, mutations
 * POST with a body; both in superjson, as over the socket. Subscriptions and batches are not supported. The caller must be one of the
 * user's commands, which may write anywhere.
 * @param path name of the procedure
 */
export async function answerCall(
  { router, features }: Api,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  onDefect: DefectListener,
): Promise<void> {
  const procedures: Record<string, { _def: { type: string } }> = router._def.procedures as never
  if (Object.hasOwn(procedures, path) && procedures[path]!._def.type === 'subscription') {
    response.writeHead(405, { 'Content-Type': 'text/plain; charset=utf-8' })
    response.end(`${path} is a subscription, which needs a WebSocket.\n`)
    return
  }
  await nodeHTTPRequestHandler({
    router,
    req: request,
    res: response,
    path,
    createContext: () => ({ features, writePath: anywhere, subscriptions: new Subscriptions() }),
    maxBodySize: MAX_MESSAGE_BYTES,
    allowBatching: false,
    onError: ({ error }) => {
      if (isDefect(error)) onDefect(error.cause instanceof Error ? error.cause : error, path)
    },
  })
}
