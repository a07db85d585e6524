import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tensor } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { RunConfigSchema, type RunConfig } from '../contract/config.js'
import { UserError } from '../contract/errors.js'
import type { Network } from '../numeric/network.js'
import { findOptimizer } from '../numeric/optimizers.js'
import { release, type Named } from '../numeric/tensors.js'
import type { TrainingState } from '../numeric/state.js'
import { readSafetensors, writeSafetensors, type SafetensorsFile, type StoredTensor } from './safetensors.js'

/** What a checkpoint holds besides tensors. Random numbers need no state: they are functions of seed, purpose and step. */
export const ProgressSchema = z.strictObject({
  step: z.int().min(0),
  /** Best value so far of the metric that selects, and evaluations since; null before the first. */
  best: z.strictObject({ value: z.number(), step: z.int(), file: z.string(), evaluationsSince: z.int() }).nullable(),
  /** k of anchorEvery in force (`auto` chooses it while training). */
  anchorEvery: z.int().min(0),
  /** Units whose activations are kept, by stage (`memoryBudget: auto` chooses them when the run starts). */
  keptUnits: z.array(z.int().min(0)).default([]),
})
export type Progress = z.infer<typeof ProgressSchema>

export const FORMAT = 'retrace-checkpoint-1'

/** Another trainer has taken over the run: this one must not write any more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

export const checkpointFile = (step: number, lease: number): string => `step-${String(step).padStart(9, '0')}-lease-${lease}.safetensors`

/**
 * SHA-256 of names, shapes and values of parameters and running statistics: two runs computed the same if and only if it is
 * the same, whichever engine, mode or number of interruptions.
 */
export function weightsHash(tensors: ReadonlyMap<string, StoredTensor>): string {
  const hash = createHash('sha256')
  for (const [name, { shape, data }] of tensors) {
    if (!name.startsWith('params/') && !name.startsWith('stats/')) continue
    hash.update(`${name}[${shape}]`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}

/** The tensors of a state under their names in the file: params/*, stats/*, and each slot of the optimizer. */
export function storedTensors(network: Network, state: TrainingState, optimizer: string): Map<string, StoredTensor> {
  const out = new Map<string, StoredTensor>()
  const put = (group: string, named: Named, names: string[]): void => {
    for (const name of names) out.set(`${group}${name}`, { shape: named[name]!.shape, data: named[name]!.dataSync() as Float32Array })
  }
  const names = network.parameters.map(({ name }) => name)
  put('params/', state.params, names)
  put(
    'stats/',
    state.statistics,
    network.statistics.map(({ name }) => name),
  )
  for (const slot of findOptimizer(optimizer).slots)
    put(
      '',
      state.slots,
      names.map((name) => `${slot}/${name}`),
    )
  return out
}

/** @throws LeaseLost when a newer trainer owns the folder */
export async function assertLease(folder: string, lease: number): Promise<void> {
  const current = Number((await readFile(join(folder, 'lease'), 'utf8')).trim())
  if (current !== lease) throw new LeaseLost(`the run now belongs to trainer number ${current}, this is number ${lease}`)
}

export interface SavedCheckpoint {
  file: string
  bytes: number
  weightsHash: string
}

/** A weight is NaN or infinite: nothing that was worth keeping. */
export class NotFinite extends Error {
  override readonly name = 'NotFinite'
  constructor(readonly tensor: string) {
    super(`${tensor} is not finite`)
  }
}

/**
 * Writes the state whole or not at all, and only while the lease is still this trainer's.
 * @param tensors those of `storedTensors`
 * @throws NotFinite before anything is written
 */
export async function saveCheckpoint(
  { folder, lease, config }: { folder: string; lease: number; config: RunConfig },
  tensors: Map<string, StoredTensor>,
  progress: Progress,
  extra: Record<string, string> = {},
): Promise<SavedCheckpoint> {
  for (const [name, { data }] of tensors) if (!data.every(Number.isFinite)) throw new NotFinite(name)
  const hash = weightsHash(tensors)
  const file = checkpointFile(progress.step, lease)
  const metadata = { format: FORMAT, config: JSON.stringify(config), progress: JSON.stringify(progress), weightsHash: hash, ...extra }
  const bytes = await writeSafetensors(join(folder, file), { metadata, tensors }, () => assertLease(folder, lease))
  return { file, bytes, weightsHash: hash }
}

/** Reads what `saveCheckpoint` wrote. @throws UserError when the file is not a checkpoint, or damaged */
export async function readCheckpoint(path: string): Promise<{ file: SafetensorsFile; config: RunConfig; progress: Progress }> {
  const file = await readSafetensors(path)
  if (file.metadata['format'] !== FORMAT)
    throw new UserError(
      'BAD_INPUT',
      `${path} is not a checkpoint of this version of Retrace (format ${file.metadata['format'] ?? 'missing'})`,
    )
  const config = RunConfigSchema.parse(JSON.parse(file.metadata['config']!))
  const progress = ProgressSchema.parse(JSON.parse(file.metadata['progress']!))
  if (weightsHash(file.tensors) !== file.metadata['weightsHash'])
    throw new UserError('BAD_INPUT', `${path} is damaged: its weights do not match their hash; resume from an older checkpoint`)
  return { file, config, progress }
}

/** The step at which a checkpoint was written. */
export const readCheckpointStep = async (path: string): Promise<number> => (await readCheckpoint(path)).progress.step

/** Puts tensors by name into a state of this network. @throws UserError naming what is missing or of another shape */
export function loadInto(
  network: Network,
  state: TrainingState,
  tensors: ReadonlyMap<string, StoredTensor>,
  what: 'weights' | 'everything',
): void {
  requireFit(network, tensors, what === 'everything' ? Object.keys(state.slots) : [])
  const load = (prefix: string, target: Named): void => {
    for (const name of Object.keys(target)) {
      const { data, shape } = tensors.get(`${prefix}${name}`)!
      release([target[name]])
      target[name] = tensor(data, shape)
    }
  }
  load('params/', state.params)
  load('stats/', state.statistics)
  if (what === 'everything') load('', state.slots)
}

/** @throws UserError naming the tensors that are missing, or not float32 of the network's shape */
export function requireFit(network: Network, tensors: ReadonlyMap<string, StoredTensor>, slots: readonly string[] = []): void {
  const shapes = new Map(network.parameters.map(({ name, shape }) => [name, shape]))
  const wanted: [string, number[]][] = [
    ...network.parameters.map(({ name, shape }): [string, number[]] => [`params/${name}`, shape]),
    ...network.statistics.map(({ name, shape }): [string, number[]] => [`stats/${name}`, shape]),
    ...slots.map((name): [string, number[]] => [name, shapes.get(name.slice(name.indexOf('/') + 1))!]),
  ]
  const problems = wanted.flatMap(([name, shape]) => {
    const found = tensors.get(name)
    if (!found) return [`${name} is missing`]
    if (String(found.shape) !== String(shape)) return [`${name} has shape [${found.shape}] instead of [${shape}]`]
    return found.data instanceof Float32Array ? [] : [`${name} is not of float32`]
  })
  if (problems.length === 0) return
  const rest = problems.length > 3 ? ` and ${problems.length - 3} more` : ''
  throw new UserError('BAD_INPUT', `These weights do not fit the network: ${problems.slice(0, 3).join('; ')}${rest}.`)
}
