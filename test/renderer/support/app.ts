import { createPinia, setActivePinia } from 'pinia'
import { createApp, effectScope, type App, type EffectScope } from 'vue'
import type { PlayedHome } from '../../fixtures/played-home.js'
import { connectInMemory } from '../../../src-main/transport/memory.js'
import { connectionKey, type Connection, type ConnectionState } from '../../../src-renderer/home/api.js'

export interface TestConnection extends Connection {
  /** Tells the app that the connection changed. */
  become(state: ConnectionState): void
}

/** The app's connection to a home in this process. */
export function connectionTo({ api }: PlayedHome, client = connectInMemory(api)): TestConnection {
  const listeners = new Set<(state: ConnectionState) => void>()
  let state: ConnectionState = 'open'
  return {
    client,
    onState(listener) {
      listeners.add(listener)
      listener(state)
      return () => void listeners.delete(listener)
    },
    become(next) {
      state = next
      for (const listener of listeners) listener(next)
    },
  }
}

export interface StoreApp {
  app: App
  connection: TestConnection
  /** Runs like a component's setup, in a scope of its own. */
  open<T>(setup: () => T): { value: T; scope: EffectScope }
}

/** An app without components, for stores. */
export function storeApp(home: PlayedHome, client?: Connection['client']): StoreApp {
  const connection = connectionTo(home, client)
  const pinia = createPinia()
  const app = createApp({}).provide(connectionKey, connection).use(pinia)
  setActivePinia(pinia)
  return {
    app,
    connection,
    open<T>(setup: () => T) {
      const scope = effectScope()
      const value = app.runWithContext(() => scope.run(setup)) as T
      return { value, scope }
    },
  }
}
