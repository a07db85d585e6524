import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { copyFile, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Cluster, Resources } from '../../contract/cluster.js'
import { UserError } from '../../contract/errors.js'
import { storeConfig } from '../../contract/stored-config.js'
import { replaceFile } from '../../durable/replace-file.js'
import { unfinishedFile } from '../../durable/unfinished.js'
import type { TrainerOrder } from '../../features/runs/control/trainers.js'
import { PROTOCOL } from '../messages.js'
import { runFiles, type Order } from './order.js'
import { fill, quoteForShell, type Submission } from './scheduler.js'

/** Checkpoints that go along with an order: the newest, and some for when that is damaged. */
const ALONG = 3

/** The folder of an order in the shared folder. */
export const orderFolder = ({ folder }: Pick<Cluster, 'folder'>, runId: string, firstLease: number): string =>
  join(folder, 'runs', runId, String(firstLease))

/** A path of the shared folder as the nodes see it. */
export const there = ({ folder, folderThere }: Pick<Cluster, 'folder' | 'folderThere'>, path: string): string =>
  folderThere === null ? path : join(folderThere, path.slice(folder.length))

/** Makes the shared folder and those in it, readable by their owner alone. @throws UserError when that fails */
export function makeShared({ folder }: Pick<Cluster, 'folder'>): void {
  try {
    for (const path of [folder, join(folder, 'runs'), join(folder, 'datasets')]) mkdirSync(path, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
  } catch (error) {
    throw new UserError(
      'DISK',
      `The cluster folder ${folder} cannot be made: ${(error as Error).message}. Choose a folder that you may write to.`,
      {
        cause: error,
      },
    )
  }
}

/** Copies a file of the home into the shared folder, whole or not at all; one that is there already is the same. */
async function bring(from: string, to: string): Promise<void> {
  if (!existsSync(to)) await replaceFile(to, (temporary) => copyFile(from, temporary))
}

/** The data set under the hash of its contents, once for all runs on it. */
async function bringDataset(cluster: Cluster, { datasetFolder, datasetHash }: TrainerOrder): Promise<string> {
  if (datasetHash === null)
    throw new UserError('BAD_INPUT', 'The run did not record the hash of its data set, by which the cluster has it. Create the run again.')
  const name = datasetHash.replaceAll(/[^\w-]/g, '-')
  const folder = join(cluster.folder, 'datasets', name)
  const fromOrder = join('..', '..', '..', 'datasets', name)
  if (existsSync(folder)) return fromOrder
  const temporary = unfinishedFile(folder)
  try {
    await cp(datasetFolder, temporary, { recursive: true })
    await rename(temporary, folder).catch((error: unknown) => {
      // Another run has brought it meanwhile.
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return fromOrder
}

/** Leaves everything that an agent needs in the shared folder. @returns what is to be submitted */
export async function placeOrder(cluster: Cluster, order: TrainerOrder, resources: Resources): Promise<Submission> {
  const { runId, lease: firstLease } = order
  if (order.dynamics !== null)
    throw new UserError(
      'BAD_INPUT',
      `Networks with dynamics of your own (${order.dynamics.file}) are computed on this machine only. Run it here.`,
    )
  makeShared(cluster)
  const folder = orderFolder(cluster, runId, firstLease)
  const files = runFiles(folder)
  await mkdir(files.checkpoints, { recursive: true, mode: 0o700 })
  const checkpoints = order.resumeFrom === null ? [] : [order.resumeFrom, ...order.olderCheckpoints].slice(0, ALONG)
  for (const file of checkpoints) await bring(join(order.checkpointFolder, file), join(files.checkpoints, file))
  const weights = order.weightsFrom === null ? null : basename(order.weightsFrom)
  if (order.weightsFrom !== null) await bring(order.weightsFrom, join(folder, basename(order.weightsFrom)))
  const { requeue, jobVariable } = cluster.scheduler
  const content: Order = {
    protocol: PROTOCOL,
    runId,
    firstLease,
    config: storeConfig(order.config),
    dynamics: null,
    dataset: await bringDataset(cluster, order),
    datasetHash: order.datasetHash,
    checkpoints: checkpoints.map((file) => ({ file, step: stepOf(file) })),
    weights,
    pauseAt: order.pauseAt,
    threads: resources.cpus,
    attempts: cluster.attempts,
    requeue: requeue && fill(requeue, {}),
    jobVariable,
  }
  await replaceFile(files.order(firstLease), (temporary) => writeFile(temporary, JSON.stringify(content)))
  const script = join(folder, `job-${firstLease}.sh`)
  await writeScript(script, [cluster.node, cluster.agent, there(cluster, files.order(firstLease))])
  return {
    runId,
    comment: commentOf(runId, firstLease),
    script: there(cluster, script),
    folder: there(cluster, folder),
    log: `job-${firstLease}.log`,
    resources,
  }
}

/** By which a job is found again when its number is not known. */
export const commentOf = (runId: string, firstLease: number): string => `retrace:${runId}:${firstLease}`

/** A script that is the command: no name in it is read by the shell as anything but itself. */
export async function writeScript(path: string, command: readonly string[]): Promise<void> {
  // In Electron, Node is the program itself.
  const text = `#!/bin/sh\nexport ELECTRON_RUN_AS_NODE=1\nexec ${command.map(quoteForShell).join(' ')}\n`
  await replaceFile(path, (temporary) => writeFile(temporary, text, { mode: 0o700 }))
}

/** The step that the name of a checkpoint begins with. */
const stepOf = (file: string): number => Number(/^step-(\d+)/.exec(file)?.[1] ?? 0)
