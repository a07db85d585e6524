import { defineStore } from 'pinia'
import type { BulkAction } from '../../src-main/contract/runs.js'
import { useNotices } from './notices.js'
import { useRuns } from './runs.js'

const many = (count: number): string => (count === 1 ? '1 run' : `${count} runs`)

/** Commands for one or many runs, with what the user is told of them. */
export const useRunActions = defineStore('runActions', () => {
  const runs = useRuns()
  const notices = useNotices()

  /** Gives the command to every run; what refuses is told in one notice. Answers the ids of those that took it. */
  async function bulk(ids: string[], action: BulkAction): Promise<string[]> {
    const results = (await notices.attempt(() => runs.bulk(ids, action))) ?? []
    const refused = results.filter(({ refusal }) => refusal !== null)
    if (refused.length === 1) notices.show('error', refused[0]?.refusal ?? '')
    else if (refused.length > 1) notices.show('error', `${many(refused.length)} refused. The first: ${refused[0]?.refusal}`)
    return results.filter(({ refusal }) => refusal === null).map(({ id }) => id)
  }

  /** Takes runs out of the list, and offers to bring them back. */
  async function remove(ids: string[]): Promise<string[]> {
    const removed = await bulk(ids, 'remove')
    const name = removed.length === 1 ? 'The run' : many(removed.length)
    if (removed.length)
      notices.show('info', `${name} ${removed.length === 1 ? 'was' : 'were'} removed.`, {
        label: 'Undo',
        run: () => void bulk(removed, 'restore'),
      })
    return removed
  }

  /** Puts runs out of sight or back, and offers to undo that. */
  async function archive(ids: string[], archived: boolean): Promise<void> {
    const done = await notices.attempt(() => runs.edit({ ids, archived }))
    if (!done) return
    const verb = archived ? 'archived' : 'brought back from the archive'
    notices.show('info', `${many(done.length)} ${verb}.`, {
      label: 'Undo',
      run: () => void notices.attempt(() => runs.edit({ ids, archived: !archived })),
    })
  }

  return { bulk, remove, archive }
})
