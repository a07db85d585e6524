import { tracked } from '@trpc/server'
import { z } from 'zod'
import { ChangesInputSchema } from '../../contract/changes.js'
import { requireDevice, type Devices } from '../../contract/gpus.js'
import { SettingsPatchSchema } from '../../contract/settings.js'
import { CleanupSchema } from '../../contract/storage.js'
import { group, PathSchema, procedure, TaskIdSchema } from '../procedure.js'
import type { Changes } from './changes.js'
import { lastRepair } from './recovery.js'
import { readSettings } from './settings.js'

const BackupSchema = z.strictObject({ file: PathSchema, taskId: TaskIdSchema.optional() })

/** The answer of a host that does not detect GPUs. */
const NO_GPU: Devices = { gpus: null, usable: false }

export const system = group({
  info: procedure.query(({ ctx }) => ctx.ports.system()),
  /** The current GPUs of this machine, and whether runs can use them. */
  devices: procedure.query(async ({ ctx }): Promise<Devices> => (await ctx.ports.gpus?.look()) ?? NO_GPU),
  /** Sets up the fast engine, and returns the engine in use afterwards. */
  setUpEngine: procedure
    .input(z.strictObject({ taskId: TaskIdSchema, offline: PathSchema.optional() }))
    .mutation(async ({ ctx, input }) => {
      await ctx.engineSetUp.begin(input)
      return ctx.ports.system()
    }),
  cancelSetUp: procedure.input(z.strictObject({ taskId: TaskIdSchema })).mutation(({ ctx, input }) => ctx.engineSetUp.cancel(input)),
})

export const alerts = group({
  list: procedure.query(({ ctx }) => ctx.alerts.list()),
  markRead: procedure.input(z.strictObject({ upTo: z.int().min(0) })).mutation(({ ctx, input }) => ctx.alerts.markRead(input)),
})

export const settings = group({
  get: procedure.query(({ ctx }) => readSettings(ctx.ports.settings)),
  update: procedure.input(SettingsPatchSchema).mutation(async ({ ctx: { changes, control, ports }, input: given }) => {
    const wanted = given['compute.device']
    const device = wanted && requireDevice(wanted, (await ports.gpus?.look()) ?? NO_GPU)
    const input = { ...given, ...(device && { 'compute.device': device }) }
    const next = changes.commit((record) => {
      for (const [key, value] of Object.entries(input)) if (value !== undefined) ports.settings.set(key, value)
      const all = readSettings(ports.settings)
      record({ kind: 'settings', settings: all })
      return all
    })
    control.reconsider()
    return next
  }),
})

export const storage = group({
  usage: procedure.query(({ ctx }) => ctx.storage.usage()),
  clean: procedure.input(CleanupSchema).mutation(({ ctx, input }) => ctx.storage.clean(input)),
  check: procedure.input(z.strictObject({ deep: z.boolean().default(false) })).mutation(({ ctx, input }) => ctx.storage.check(input)),
  backup: procedure.input(BackupSchema).mutation(({ ctx, input }) => ctx.backups.backup({ ...input, file: ctx.writePath(input.file) })),
  cancelBackup: procedure.input(z.strictObject({ taskId: z.string() })).mutation(({ ctx, input }) => ctx.backups.cancel(input)),
  inspectBackup: procedure.input(z.strictObject({ file: PathSchema })).query(({ ctx, input }) => ctx.backups.inspect(input)),
  restore: procedure.input(BackupSchema).mutation(({ ctx, input }) => ctx.backups.restore(input)),
  /** The content of a folder on this machine, for choosing a path. */
  list: procedure.input(z.strictObject({ path: PathSchema.nullable() })).query(({ ctx, input }) => ctx.ports.disk.list(input.path)),
  /** Report of the last start after a crash; null when there was none. */
  lastRepair: procedure.query(({ ctx }) => lastRepair(ctx.ports.settings)),
})

async function* follow(stream: ReturnType<Changes['subscribe']>, end: () => void) {
  try {
    for await (const { seq, change } of stream) yield tracked(String(seq), change)
  } finally {
    end()
  }
}

export const changes = procedure
  .input(ChangesInputSchema)
  .subscription(({ ctx, input: { lastEventId, detailOf }, signal = new AbortController().signal }) => {
    const end = ctx.subscriptions.begin()
    // The subscription also ends when the client never asks for the first change.
    signal.addEventListener('abort', end, { once: true })
    return follow(ctx.changes.subscribe({ since: lastEventId ?? null, detailOf, signal }), end)
  })
