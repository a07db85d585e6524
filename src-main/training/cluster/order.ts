import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { LEASES_OF_ORDER } from '../../contract/cluster.js'
import { UserError } from '../../contract/errors.js'
import { OwnFileSchema } from '../../contract/own-dynamics.js'
import { PROTOCOL } from '../messages.js'

/**
 * The work of a run on a cluster, stored by the workbench in the shared folder for the agents started by a batch system. Paths are relative
 * to the folder of the order, because the shared folder may have another path there.
 */
export const OrderSchema = z.strictObject({
  protocol: z.literal(PROTOCOL),
  runId: z.string().regex(/^[\w-]+$/),
  /** Attempts write with this lease and the following ones, below the next multiple of `LEASES_OF_ORDER`. */
  firstLease: z.int().multipleOf(LEASES_OF_ORDER),
  config: z.strictObject({ version: z.int(), text: z.string() }),
  dataset: z.string(),
  datasetHash: z.string().nullable(),
  /** The checkpoints from which the first attempt may continue, newest first: files in the checkpoint folder. */
  checkpoints: z.array(z.strictObject({ file: z.string(), step: z.int() })),
  /** The user's file that defines the network's dynamics; null if it is built in. */
  dynamics: OwnFileSchema.nullable(),
  /** Initial weights of a fork: a file in the order's folder. */
  weights: z.string().nullable(),
  pauseAt: z.int().nullable(),
  /** Threads of one operation; null uses as many as the job may use. */
  threads: z.int().nullable(),
  /** How often the job may be started before the run fails. */
  attempts: z.int().min(1).max(LEASES_OF_ORDER),
  /** The command that makes the batch system start the job again, with `{job}` for its number; null if the workbench has to do it. */
  requeue: z.array(z.string()).nullable(),
  /** The environment variable that contains the job's number. */
  jobVariable: z.string(),
})
export type Order = z.infer<typeof OrderSchema>

/** The request of the workbench to the active attempt: `command-L.json`. */
export const WishSchema = z.strictObject({ wish: z.enum(['pause', 'stop']) })

/** The files of an order in the shared folder. */
export const runFiles = (folder: string) => ({
  order: (firstLease: number) => join(folder, `order-${firstLease}.json`),
  command: (firstLease: number) => join(folder, `command-${firstLease}.json`),
  claim: (lease: number) => join(folder, `claim-${lease}`),
  facts: (lease: number) => join(folder, `facts-${lease}.log`),
  alive: (lease: number) => join(folder, `alive-${lease}`),
  checkpoints: join(folder, 'checkpoints'),
})

/** @throws UserError when it cannot be read, or is of another build */
export function readOrder(path: string): Order {
  let stored: unknown
  try {
    stored = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UserError('NOT_FOUND', `The order ${path} cannot be read. The run was removed, or went on elsewhere.`, { cause: error })
  }
  const order = OrderSchema.safeParse(stored)
  if (order.success) return order.data
  throw new UserError(
    'BAD_INPUT',
    `The order ${path} was written by another build of Retrace. Set up the cluster folder again (\`retrace cluster setup\`), then resume the run.`,
    { cause: order.error },
  )
}

const CLAIM = /^claim-(\d+)$/
const numbers = (folder: string, pattern: RegExp): number[] =>
  readdirSync(folder)
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)

/** The first lease of the newest order of the run whose order lies in this folder: each order has a folder of its own, named by that lease. */
export const newestOrder = (folder: string): number => numbers(dirname(folder), /^(\d+)$/).at(-1) ?? 0

/** The leases of an order that have been claimed by attempts, in ascending order. */
export const claimsOf = (folder: string, firstLease: number): number[] =>
  numbers(folder, CLAIM).filter((lease) => lease >= firstLease && lease < firstLease + LEASES_OF_ORDER)
