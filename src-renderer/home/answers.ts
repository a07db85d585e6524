import type { inferRouterOutputs } from '@trpc/server'
import type { AppRouter } from '../../src-main/features/router.js'

/** What each procedure answers. */
export type Answers = inferRouterOutputs<AppRouter>
