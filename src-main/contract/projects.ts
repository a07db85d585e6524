import { z } from 'zod'

export const ProjectIdSchema = z.string().regex(/^[a-z0-9]{4,32}$/, 'is not a project id')

/** The word for no project, in addresses and on the command line. */
export const NO_PROJECT = 'none'

/** Names differ in more than case, so that a query, a command and an archive can refer to a project by its name. */
export const ProjectNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\n]+$/, 'must be one line')
  .refine((name) => name.toLowerCase() !== NO_PROJECT, `must not be "${NO_PROJECT}", which stands for no project`)

/** The properties of a project besides its name. Its runs refer to it in their rows. */
export const ProjectViewSchema = z.strictObject({ description: z.string().trim().max(500).default('') })
export type ProjectView = z.infer<typeof ProjectViewSchema>

/** A folder for runs; a run is in at most one. */
export const ProjectSchema = z.strictObject({
  id: ProjectIdSchema,
  name: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  view: ProjectViewSchema,
})
export type Project = z.infer<typeof ProjectSchema>

export const SaveProjectSchema = z.strictObject({
  /** Absent for a new project. */
  id: ProjectIdSchema.optional(),
  name: ProjectNameSchema,
  view: ProjectViewSchema,
})
export type SaveProject = z.input<typeof SaveProjectSchema>
