import { z } from 'zod'
import { ComparisonIdSchema, SaveComparisonSchema } from '../../contract/comparisons.js'
import { RunViewIdSchema, SaveRunViewSchema } from '../../contract/run-views.js'
import { group, procedure } from '../procedure.js'

const ComparisonById = z.strictObject({ id: ComparisonIdSchema })
const RunViewById = z.strictObject({ id: RunViewIdSchema })

/** Comparisons that were given a name. Runs that are removed stay in them: they can come back. */
export const comparisons = group({
  list: procedure.query(({ ctx: { comparisons, ports } }) => ({ comparisons: comparisons.list(), seq: ports.journal.last() })),
  /** A new one, or what is now in place of one. */
  save: procedure.input(SaveComparisonSchema).mutation(({ ctx, input }) => ctx.comparisons.save(input)),
  /** Out of the list; it can be brought back until Retrace was open for `runs.keepRemovedHours` more. */
  remove: procedure.input(ComparisonById).mutation(({ ctx, input }) => ctx.comparisons.remove(input)),
  restore: procedure.input(ComparisonById).mutation(({ ctx, input }) => ctx.comparisons.restore(input)),
  /** What can be brought back, the last first. */
  removed: procedure.query(({ ctx }) =>
    ctx.comparisons.removed().map(({ named: comparison, removal }) => ({ comparison, removedAt: removal.at })),
  ),
})

/** Views of the table of runs that were given a name. */
export const runViews = group({
  list: procedure.query(({ ctx: { runViews, ports } }) => ({ views: runViews.list(), seq: ports.journal.last() })),
  /** A new one, or what is now in place of one. */
  save: procedure.input(SaveRunViewSchema).mutation(({ ctx, input }) => ctx.runViews.save(input)),
  /** It can be brought back for a while, as runs can. */
  remove: procedure.input(RunViewById).mutation(({ ctx, input }) => ctx.runViews.remove(input)),
  restore: procedure.input(RunViewById).mutation(({ ctx, input }) => ctx.runViews.restore(input)),
})
