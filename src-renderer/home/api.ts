import { inject, type InjectionKey } from 'vue'
import type { Connection as Transport } from './client/transport.js'

export type { ConnectionState } from './client/transport.js'

/** What the app uses of a connection; which transport carries it is nobody's business beyond this. */
export type Connection = Pick<Transport, 'client' | 'onState'>

export const connectionKey: InjectionKey<Connection> = Symbol('connection')

/** The connection that main.ts (or a test) provides. @throws Error when there is none, a defect of the wiring. */
export function useConnection(): Connection {
  const connection = inject(connectionKey)
  if (!connection) throw new Error('no connection was provided to the app')
  return connection
}
