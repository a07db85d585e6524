import { inject, type InjectionKey } from 'vue'
import type { Connection as Transport } from './client/transport.js'

export type { ConnectionState } from './client/transport.js'

/** The part of a transport that the app uses; only this module knows which transport it is. */
export type Connection = Pick<Transport, 'client' | 'onState'>

export const connectionKey: InjectionKey<Connection> = Symbol('connection')

/** The connection provided by main.ts or a test. @throws Error if none is provided, which is a programming error. */
export function useConnection(): Connection {
  const connection = inject(connectionKey)
  if (!connection) throw new Error('no connection was provided to the app')
  return connection
}
