import { z } from 'zod'
import { UserError } from '../../contract/errors.js'
import { RunIdSchema, type RunSummary } from '../../contract/runs.js'
import { procedure } from '../procedure.js'
import { ById } from './input.js'

/** The queue, and commands that start and end runs; see `RunControl`. */
export const queue = {
  pause: procedure.input(ById).mutation(({ ctx, input }) => ctx.control.command(input.id, 'pause')),

  /** Resumes from the last checkpoint, or from the one at a step; everything after that step is then discarded. */
  resume: procedure
    .input(ById.extend({ step: z.int().min(0).optional() }))
    .mutation(({ ctx: { control }, input: { id, step } }) =>
      step === undefined ? control.command(id, 'resume') : control.resumeFrom(id, step),
    ),

  stop: procedure.input(ById).mutation(({ ctx, input }) => ctx.control.command(input.id, 'stop')),

  /** Discards the progress of a run and queues it from step 0. */
  retry: procedure.input(ById).mutation(({ ctx, input }) => ctx.control.retry(input.id)),

  /** Moves queued runs, in the given order, to this place of the queue (0 is next). @returns the whole queue in order */
  move: procedure
    .input(z.strictObject({ ids: z.array(RunIdSchema).min(1).max(10_000), position: z.int().min(0) }))
    .mutation(({ ctx: { changes, control, ports }, input: { ids, position } }) => {
      const { runs } = ports
      const wanted = [...new Set(ids)].map((id) => control.require(id))
      const started = wanted.find(({ status }) => status !== 'queued')
      if (started) throw new UserError('CONFLICT', `Run ${started.id} is ${started.status}. Only queued runs can be moved in the queue.`)
      return changes.commit((record) => {
        const waiting = runs.inStatus(['queued'])
        const moving = new Set(wanted.map(({ id }) => id))
        const rest = waiting.filter(({ id }) => !moving.has(id))
        const order: RunSummary[] = [...rest.slice(0, position), ...wanted, ...rest.slice(position)]
        // The same places are assigned in another order, so that nothing outside the queue moves.
        const places = waiting.map(({ queueOrder }) => queueOrder)
        return order.map((run, at) => {
          const place = places[at] as number
          if (place === run.queueOrder) return run
          runs.setOrder(run.id, place)
          const moved = { ...run, queueOrder: place }
          record({ kind: 'run', run: moved })
          return moved
        })
      })
    }),
}
