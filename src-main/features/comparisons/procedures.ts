import { z } from 'zod'
import { ComparisonIdSchema, SaveComparisonSchema } from '../../contract/comparisons.js'
import { RunViewIdSchema, SaveRunViewSchema } from '../../contract/run-views.js'
import { group, procedure } from '../procedure.js'

const ComparisonById = z.strictObject({ id: ComparisonIdSchema })
const RunViewById = z.strictObject({ id: RunViewIdSchema })

/** Saved comparisons. Removed runs stay in them, because they can be restored. */
export const comparisons = group({
  list: procedure.query(({ ctx: { comparisons, ports } }) => ({ comparisons: comparisons.list(), seq: ports.journal.last() })),
  /** Saves a new one, or replaces an existing one. */
  save: procedure.input(SaveComparisonSchema).mutation(({ ctx, input }) => ctx.comparisons.save(input)),
  /** Removes it from the list. It can be restored until Retrace has been open for another `runs.keepRemovedHours`. */
  remove: procedure.input(ComparisonById).mutation(({ ctx, input }) => ctx.comparisons.remove(input)),
  restore: procedure.input(ComparisonById).mutation(({ ctx, input }) => ctx.comparisons.restore(input)),
  /** Those that can be restored, the most recently removed first. */
  removed: procedure.query(({ ctx }) =>
    ctx.comparisons.removed().map(({ named: comparison, removal }) => ({ comparison, removedAt: removal.at })),
  ),
})

/** Saved views of the runs table. */
export const runViews = group({
  list: procedure.query(({ ctx: { runViews, ports } }) => ({ views: runViews.list(), seq: ports.journal.last() })),
  /** Saves a new one, or replaces an existing one. */
  save: procedure.input(SaveRunViewSchema).mutation(({ ctx, input }) => ctx.runViews.save(input)),
  /** Removes it. It can be restored for as long as removed runs can. */
  remove: procedure.input(RunViewById).mutation(({ ctx, input }) => ctx.runViews.remove(input)),
  restore: procedure.input(RunViewById).mutation(({ ctx, input }) => ctx.runViews.restore(input)),
})
