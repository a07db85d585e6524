import { setTimeout as sleep } from 'node:timers/promises'
import type { TRPCClient } from '@trpc/client'
import type { AppRouter } from '../../contract/router.js'
import { UserError } from '../../contract/errors.js'
import { chooseHome } from '../home.js'
import { openHost } from '../host.js'
import { signalStatus } from '../signals.js'
import { asUserError, ExitStatus, type CommonOptions, type Context } from './context.js'

export interface Workbench {
  client: TRPCClient<AppRouter>
  /** This process holds the home; false: another one does, and this is its client. */
  own: boolean
}

export interface WorkbenchOptions {
  /** The command runs for long and may serve others meanwhile; short ones are waited for. */
  lasting?: boolean
  /** The command deals with the user's wish to end by itself; otherwise it is left as it is. */
  handlesEnd?: boolean
}

/**
 * Runs a command's work on the home: as client of the process that holds it, otherwise holding it itself.
 * @throws UserError for what the user can mend, ExitStatus when the user ended the command
 */
export async function withWorkbench<T>(
  context: Context,
  common: CommonOptions,
  work: (workbench: Workbench) => Promise<T>,
  { lasting = false, handlesEnd = false }: WorkbenchOptions = {},
): Promise<T> {
  const home = chooseHome(common.home)
  const { openBackend, onDefect } = context
  const found = await openHost({ home, kind: 'cli', lasting, openBackend, page: null, port: 0, onDefect, waitMs: 30_000 })
  const ended = handlesEnd
    ? new Promise<never>(() => undefined)
    : context.end.then((signal) => Promise.reject(new ExitStatus(signalStatus(signal))))
  // When the work is done first, nobody waits for this any more.
  ended.catch(() => undefined)

  if ('opened' in found) {
    const { opened: host } = found
    const { connectInMemory } = await import('../../transport/memory.js')
    try {
      return await Promise.race([work({ client: connectInMemory(host.services), own: true }), ended])
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
      new UserError('UNAVAILABLE', `The process that holds the home folder ${home.folder} (${pid}) is gone: run the command again.`),
    ),
  )
  lost.catch(() => undefined)
  try {
    return await Promise.race([work({ client: connection.client, own: false }), ended, lost])
  } catch (error) {
    throw asUserError(error)
  } finally {
    // Calls that will never be answered must not hold up the end.
    await Promise.race([connection.close(), sleep(500, undefined, { ref: false })])
  }
}

/** Other commands that use this process as their host would lose their runs with it. */
async function letClientsFinish(clients: () => number, { end, note }: Context): Promise<void> {
  if (clients() === 0) return
  note('Other commands use this home through this one: waiting for them. Ctrl+C ends them too.')
  let ended = false
  void end.then(() => (ended = true))
  while (clients() > 0 && !ended) await sleep(100)
}
