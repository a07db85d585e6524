import { z } from 'zod'
import { DatasetNameSchema } from '../../contract/dataset-name.js'
import { ImportDatasetSchema, MakeDatasetSchema } from '../../contract/datasets.js'
import { augmented } from '../../data/views/augmented.js'
import { chosen } from '../../data/views/chosen.js'
import { classCounts } from '../../data/views/class-counts.js'
import { images } from '../../data/views/images.js'
import { points } from '../../data/views/points.js'
import { split } from '../../data/views/split.js'
import { group, procedure, TaskIdSchema } from '../procedure.js'

const ByName = z.strictObject({ name: DatasetNameSchema })
const taskId = TaskIdSchema.optional()

export const datasets = group({
  list: procedure.query(({ ctx }) => ctx.datasets.list()),
  import: procedure.input(ImportDatasetSchema.extend({ taskId })).mutation(({ ctx, input }) => ctx.datasets.import(input)),
  estimate: procedure
    .input(ImportDatasetSchema)
    .query(({ ctx: { ports }, input }) => ports.importer.estimate(input, { into: ports.files.datasets })),
  /** Kinds of points that can be generated from a seed. */
  kinds: procedure.query(({ ctx }) => ctx.ports.importer.kinds()),
  make: procedure.input(MakeDatasetSchema).mutation(({ ctx, input }) => ctx.datasets.make(input)),
  rename: procedure.input(ByName.extend({ to: DatasetNameSchema })).mutation(({ ctx, input }) => ctx.datasets.rename(input)),
  cancelTask: procedure.input(z.strictObject({ taskId: z.string() })).mutation(({ ctx, input }) => ctx.datasets.cancel(input)),
  verify: procedure.input(ByName.extend({ taskId })).mutation(({ ctx, input }) => ctx.datasets.verify(input)),
  remove: procedure.input(ByName).mutation(({ ctx, input }) => ctx.datasets.remove(input)),

  classCounts: procedure.input(classCounts.input).query(({ ctx, input }) => ctx.datasets.look(classCounts, input)),
  images: procedure.input(images.input).query(({ ctx, input }) => ctx.datasets.look(images, input)),
  chosen: procedure.input(chosen.input).query(({ ctx, input }) => ctx.datasets.look(chosen, input)),
  points: procedure.input(points.input).query(({ ctx, input }) => ctx.datasets.look(points, input)),
  augmented: procedure.input(augmented.input).query(({ ctx, input }) => ctx.datasets.look(augmented, input)),
  split: procedure.input(split.input).query(({ ctx, input }) => ctx.datasets.look(split, input)),
})
