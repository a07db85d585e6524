import { z } from 'zod'
import { ClusterSchema, ResourcesSchema } from '../../contract/cluster.js'
import { UserError } from '../../contract/errors.js'
import { ACTIVE, RunIdSchema } from '../../contract/runs.js'
import { group, procedure } from '../procedure.js'
import { clusterOf, requireCluster, setCluster } from './configured.js'

/** Runs that a batch system computes. */
export const cluster = group({
  /** The cluster of this home; null before it is set up. */
  get: procedure.query(({ ctx }) => clusterOf(ctx.ports.settings)),
  setUp: procedure.input(ClusterSchema).mutation(({ ctx: { changes, control, ports }, input }) => {
    changes.commit(() => setCluster(ports.settings, input))
    control.reconsider()
    return input
  }),
  /** Submits one short job, and tells which condition is broken. @throws UserError before the cluster is set up */
  check: procedure
    .input(z.strictObject({ seconds: z.number().min(1).max(3600).default(120) }))
    .mutation(({ ctx: { ports }, input }) => ports.clusterChecker.check(requireCluster(ports.settings), input.seconds)),
  jobs: procedure.query(({ ctx: { control, ports } }) =>
    ports.jobs.list().map((job) => {
      const { name, status, phase, step, totalSteps } = control.require(job.runId)
      return { ...job, name, status, phase, step, totalSteps }
    }),
  ),
  /** What a run asks the cluster for; null for one that is computed here. */
  placeOf: procedure.input(z.strictObject({ id: RunIdSchema })).query(({ ctx, input }) => ctx.ports.jobs.resourcesOf(input.id)),
  /** Where a run that has no trainer is computed from its next start on; null is here. */
  place: procedure
    .input(z.strictObject({ id: RunIdSchema, resources: ResourcesSchema.nullable() }))
    .mutation(({ ctx: { changes, control, ports }, input: { id, resources } }) => {
      if (ACTIVE.includes(control.require(id).status))
        throw new UserError('CONFLICT', `Run ${id} is at work. Pause it, then choose where it goes on.`)
      if (resources) requireCluster(ports.settings)
      changes.commit(() => ports.jobs.place(id, resources))
    }),
})
