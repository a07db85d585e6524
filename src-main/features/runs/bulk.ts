import { isUserError } from '../../contract/errors.js'
import { BulkSchema, type BulkAction, type BulkResult, type RunSummary } from '../../contract/runs.js'
import type { Features } from '../open.js'
import { procedure } from '../procedure.js'
import type { Awaitable } from '../shared/clock.js'

const actions = ({ control, maker, trash }: Features): Record<BulkAction, (id: string) => Awaitable<RunSummary | void>> => ({
  pause: (id) => control.command(id, 'pause'),
  resume: (id) => control.command(id, 'resume'),
  stop: (id) => control.command(id, 'stop'),
  retry: (id) => control.retry(id),
  again: (id) => maker.again({ id }),
  remove: (id) => trash.remove({ id }),
  restore: (id) => trash.restore({ id }),
  purge: (id) => trash.purge({ id }),
})

/** Applies one command to many runs independently: the result names those that refused it, and the others are changed. */
export const bulk = procedure.input(BulkSchema).mutation(async ({ ctx, input: { ids, action } }) => {
  const act = actions(ctx)[action]
  const results: BulkResult[] = []
  for (const id of new Set(ids)) {
    try {
      const made = await act(id)
      results.push({ id, refusal: null, ...(action === 'again' && made ? { madeId: made.id } : {}) })
    } catch (error) {
      if (!isUserError(error)) throw error
      results.push({ id, refusal: error.message })
    }
  }
  return results
})
