import { z } from 'zod'
import { RunIdSchema } from './runs.js'
import { StudyIdSchema } from './studies.js'

/** What an example demonstrates. */
export const EXAMPLE_ROLES = ['hamiltonian', 'resnet', 'stored', 'reversed', 'large-step', 'flow', 'study'] as const

const FileSchema = z.string().regex(/^[a-z0-9.-]{1,80}$/)

/**
 * The list of the examples that come with Retrace, `resources/examples/examples.json`: finished runs as archives, and studies as `study export` writes
 * them. It is written together with them and never read by another version.
 */
export const ExamplesSchema = z.strictObject({
  runs: z.array(z.strictObject({ id: RunIdSchema, name: z.string(), role: z.enum(EXAMPLE_ROLES), file: FileSchema })),
  studies: z.array(z.strictObject({ id: StudyIdSchema, name: z.string(), file: FileSchema })),
})
export type Examples = z.infer<typeof ExamplesSchema>
export type ExampleRun = Examples['runs'][number]
