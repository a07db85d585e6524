import { setTimeout as sleep } from 'node:timers/promises'
import type { TRPCClient } from '@trpc/client'
import { UserError } from '../../contract/errors.js'
import type { AppRouter } from '../../features/router.js'
import { chooseHome } from '../home.js'
import { openHost } from '../host.js'
import { signalStatus } from '../../processes/end-request.js'
import { asUserError, ExitStatus, type CommonOptions, type Context } from './context.js'

export interface Workbench {
  client: TRPCClient<AppRouter>
  /** Whether this process holds the home. Otherwise it is a client of the process that does. */
  own: boolean
}

export interface WorkbenchOptions {
  /** Whether the command runs long and serves other commands meanwhile. Other processes wait for short commands. */
  lasting?: boolean
  /** Whether the command handles a request to exit; otherwise it is abandoned. */
  handlesEnd?: boolean
}

/**
 * Runs a command's work on the home, as a client of the process that holds it or, if there is none, holding it itself.
 * @throws UserError for what the user can fix, ExitStatus when the user ended the command
 */
export async function withWorkbench<T>(
  context: Context,
  common: CommonOptions,
  work: (workbench: Workbench) => Promise<T>,
  { lasting = false, handlesEnd = false }: WorkbenchOptions = {},
): Promise<T> {
  const home = chooseHome(common.home)
  const { openBackend, onDefect, note } = context
  const found = await openHost({ home, kind: 'cli', lasting, openBackend, page: null, port: 0, onDefect, note, waitMs: 30_000 })
  const ended = handlesEnd
    ? new Promise<never>(() => undefined)
    : context.end.then((signal) => Promise.reject(new ExitStatus(signalStatus(signal))))
  // Nobody awaits this once the work is done.
  ended.catch(() => undefined)

  if ('opened' in found) {
    const { opened: host } = found
    const { connectInMemory } = await import('../../transport/memory.js')
    try {
      return await Promise.race([work({ client: connectInMemory(host.api), own: true }), ended])
    } catch (error) {
      throw asUserError(error)
    } finally {
      if (lasting) await letClientsFinish(() => host.server.clients, context)
      await host.close()
    }
  }

  const { address, token, pid } = found.running
  const { connectWebSocket } = await import('../../transport/websocket-client.js')
  const connection = connectWebSocket(address, token)
  const lost = connection.lost.then(() =>
    Promise.reject(
      new UserError('UNAVAILABLE', `The process that holds the home folder ${home.folder} (${pid}) has ended. Run the command again.`),
    ),
  )
  lost.catch(() => undefined)
  try {
    return await Promise.race([work({ client: connection.client, own: false }), ended, lost])
  } catch (error) {
    throw asUserError(error)
  } finally {
    // Calls that will never be answered must not delay the exit.
    await Promise.race([connection.close(), sleep(500, undefined, { ref: false })])
  }
}

/** Waits for other commands that use this process as their host, because they would lose their runs with it. */
async function letClientsFinish(clients: () => number, { end, note }: Context): Promise<void> {
  if (clients() === 0) return
  note('Waiting for other commands that use this home through this process. Ctrl+C ends them too.')
  let ended = false
  void end.then(() => (ended = true))
  while (clients() > 0 && !ended) await sleep(100)
}
