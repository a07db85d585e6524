import { isUserError } from '../contract/errors.js'
import type { BulkResult } from '../contract/runs.js'
import type { Services } from '../contract/services.js'

/** One command for many runs, each on its own: what one refuses is told, and the others go on. */
export function createBulk(one: Omit<Services['runs'], 'bulk'>): Pick<Services['runs'], 'bulk'> {
  return {
    async bulk(ids, action) {
      const results: BulkResult[] = []
      for (const id of new Set(ids)) {
        try {
          const made = await one[action](id)
          results.push({ id, refusal: null, ...(action === 'again' && made ? { madeId: made.id } : {}) })
        } catch (error) {
          if (!isUserError(error)) throw error
          results.push({ id, refusal: error.message })
        }
      }
      return results
    },
  }
}
