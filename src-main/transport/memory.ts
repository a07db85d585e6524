import { createTRPCClient, localLink, type TRPCClient } from '@trpc/client'
import superjson from 'superjson'
import { router, type AppRouter } from '../contract/router.js'
import type { Services } from '../contract/services.js'

/** The typed client over services in this process: what the command line uses when it holds the home itself. */
export function connectInMemory(services: Services): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [localLink({ router, createContext: async () => ({ services }), transformer: superjson })],
  })
}
