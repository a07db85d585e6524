import { z } from 'zod'
import { ProjectIdSchema, ProjectNameSchema, SaveProjectSchema } from '../../contract/projects.js'
import { group, procedure } from '../procedure.js'

const ById = z.strictObject({ id: ProjectIdSchema })

/** Folders for runs. Runs are moved into one with `runs.edit`. */
export const projects = group({
  list: procedure.query(({ ctx: { projects, ports } }) => ({ projects: projects.list(), seq: ports.journal.last() })),
  /** Saves a new one, or renames or describes an existing one. */
  save: procedure.input(SaveProjectSchema).mutation(({ ctx, input }) => ctx.projects.save(input)),
  /** The project with this name; it is created if it does not exist. */
  named: procedure.input(z.strictObject({ name: ProjectNameSchema })).mutation(({ ctx, input }) => ctx.projects.named(input.name)),
  /** Removes it; its runs are kept without a project. It can be restored with its runs for as long as removed runs can. */
  remove: procedure.input(ById).mutation(({ ctx, input }) => ctx.projects.remove(input)),
  restore: procedure.input(ById).mutation(({ ctx, input }) => ctx.projects.restore(input)),
})
