import type { inferRouterOutputs } from '@trpc/server'
import type { AppRouter } from '../../src-main/features/router.js'

/** The output types of all procedures. */
export type Answers = inferRouterOutputs<AppRouter>
