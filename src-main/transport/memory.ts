import { createTRPCClient, localLink, type TRPCClient } from '@trpc/client'
import superjson from 'superjson'
import { Subscriptions } from '../contract/subscriptions.js'
import type { Api, AppRouter } from '../features/router.js'
import { anywhere } from './writing.js'

/** The typed client of features in this process, which the command line uses when it holds the home itself. */
export function connectInMemory({ router, features }: Api): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [
      localLink({
        router,
        createContext: async () => ({ features, writePath: anywhere, subscriptions: new Subscriptions() }),
        transformer: superjson,
      }),
    ],
  })
}
