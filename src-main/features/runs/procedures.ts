import { z } from 'zod'
import type { NetworkSummary } from '../../contract/catalogue.js'
import { CreateRunSchema, ForkRunSchema, hasConfiguration } from '../../contract/runs.js'
import type { OwnDynamicsFolder } from '../../contract/own-dynamics.js'
import { readStoredConfig } from '../../contract/stored-config.js'
import { group, procedure } from '../procedure.js'
import { bulk } from './bulk.js'
import { recordOf } from './detail.js'
import { edit } from './edit.js'
import { ById } from './input.js'
import { look } from './look.js'
import { queue } from './queue.js'
import { table } from './table.js'
import { travel } from './travel.js'

/** Of a host that has no such folder. */
const NO_OWN_DYNAMICS: OwnDynamicsFolder = { folder: '', files: [] }

/** Networks, presets and the speed of this machine, for the form of a new run. */
export const catalogue = group({
  presets: procedure.query(({ ctx }) => ctx.ports.catalogue.presets()),
  architectures: procedure.query(({ ctx }) => ctx.ports.catalogue.architectures()),
  /** What became of the user's own dynamics files; new and changed ones are checked first. */
  ownDynamics: procedure.query(async ({ ctx }) => (await ctx.ports.ownDynamics?.list({ again: false })) ?? NO_OWN_DYNAMICS),
  /** The same; those that were refused are checked once more. */
  lookAgain: procedure.mutation(async ({ ctx }) => (await ctx.ports.ownDynamics?.list({ again: true })) ?? NO_OWN_DYNAMICS),
  preview: procedure.input(CreateRunSchema).query(({ ctx, input }) => ctx.configurations.preview(input)),
  fitting: procedure
    .input(z.strictObject({ dataset: z.string().min(1).max(200) }))
    .query(({ ctx, input }) => ctx.configurations.fitting(input.dataset)),
  measureSpeed: procedure.mutation(({ ctx }) => ctx.speed.measure()),
  cancelMeasurement: procedure.mutation(({ ctx }) => ctx.speed.cancel()),
})

const SeedSchema = CreateRunSchema.shape.overrides.unwrap().shape.seed.unwrap()

const make = {
  create: procedure.input(CreateRunSchema).mutation(({ ctx, input }) => ctx.maker.create(input)),
  createSeveral: procedure
    .input(z.strictObject({ request: CreateRunSchema, seeds: z.array(SeedSchema).min(1).max(1000) }))
    .mutation(({ ctx, input }) => ctx.maker.createSeveral(input)),
  again: procedure.input(ById).mutation(({ ctx, input }) => ctx.maker.again(input)),
  fork: procedure.input(ById.extend(ForkRunSchema.shape)).mutation(({ ctx, input }) => ctx.maker.fork(input)),

  /** Resolves the configuration of a fork with these changes, which does not depend on the checkpoint. */
  previewFork: procedure
    .input(ById.extend(ForkRunSchema.pick({ overrides: true, epochs: true, doubled: true }).shape))
    .query(({ ctx: { configurations, control, ports }, input: { id, ...changes } }) => {
      control.require(id)
      return configurations.previewFork(readStoredConfig(recordOf(ports.runs, id).config), changes)
    }),

  /**
   * Estimated activation memory of the steps of a run in both modes, at its batch size; in reversible mode including what a budget in bytes
   * keeps. Null if the configuration is unknown.
   */
  activations: procedure
    .input(ById)
    .query(async ({ ctx: { configurations, control, ports }, input: { id } }): Promise<NetworkSummary['activationBytes'] | null> => {
      if (!hasConfiguration(control.require(id))) return null
      return configurations.activations(readStoredConfig(recordOf(ports.runs, id).config))
    }),
}

const trash = {
  remove: procedure.input(ById).mutation(({ ctx, input }) => ctx.trash.remove(input)),
  restore: procedure.input(ById).mutation(({ ctx, input }) => ctx.trash.restore(input)),
  purge: procedure.input(ById).mutation(({ ctx, input }) => ctx.trash.purge(input)),
  removed: procedure.query(({ ctx }) => ctx.trash.removed()),
}

export const runs = { ...look, ...table, ...make, ...queue, ...edit, ...trash, ...travel, bulk }
