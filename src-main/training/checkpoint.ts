import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tensor } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import type { RunConfig } from '../contract/config.js'
import { UserError } from '../contract/errors.js'
import { GradientCheckSchema } from '../contract/gradients.js'
import { readStoredConfig, storeConfig } from '../contract/stored-config.js'
import { versionsOf, type Migration } from '../contract/versions.js'
import type { Network } from '../numeric/network.js'
import { findOptimizer } from '../numeric/optimizers.js'
import { release, type Named } from '../numeric/tensors.js'
import type { TrainingState } from '../numeric/state.js'
import { isSound, seal } from './content-hash.js'
import { readSafetensors, writeSafetensors, type SafetensorsFile, type StoredTensor } from './safetensors.js'

/** The content of a checkpoint besides tensors. Random numbers need no state: they are functions of seed, purpose and step. */
const ProgressSchema = z.strictObject({
  step: z.int().min(0),
  /** Best value so far of the selection metric, and the number of evaluations since; null before the first. */
  best: z.strictObject({ value: z.number(), step: z.int(), file: z.string(), evaluationsSince: z.int() }).nullable(),
  /** The current k of anchorEvery (`auto` chooses it during training). */
  anchorEvery: z.int().min(0),
  /** Number of units per stage whose activations are kept (`memoryBudget: auto` chooses them when the run starts). */
  keptUnits: z.array(z.int().min(0)),
  /** The worst gradient check so far; null before the first. */
  gradients: GradientCheckSchema.nullable(),
})
export type Progress = z.infer<typeof ProgressSchema>

/** Metadata of a checkpoint in the format of some version. */
export type CheckpointMigration = Migration<Readonly<Record<string, string>>>

const versions = versionsOf(import.meta.glob<CheckpointMigration>('./checkpoint-versions/*.ts', { eager: true, import: 'migrate' }))
const FORMAT = `retrace-checkpoint-${versions.current}`

/** The version of a checkpoint format; null if it is none. */
const versionOf = (format: string | undefined): number | null => {
  const version = /^retrace-checkpoint-(\d+)$/.exec(format ?? '')?.[1]
  return version === undefined ? null : Number(version)
}
export const isCheckpoint = (metadata: Readonly<Record<string, string>>): boolean => versionOf(metadata['format']) !== null

/** Another trainer has taken over the run, so this one must not write anymore. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

export const checkpointFile = (step: number, lease: number): string => `step-${String(step).padStart(9, '0')}-lease-${lease}.safetensors`

/**
 * SHA-256 of names, shapes and values of parameters and running statistics: it is equal if and only if two runs computed the same, whatever
 * the engine, mode or number of interruptions.
 */
export function weightsHash(tensors: ReadonlyMap<string, StoredTensor>): string {
  const hash = createHash('sha256')
  for (const [name, { shape, data }] of tensors) {
    if (!name.startsWith('params/') && !name.startsWith('stats/')) continue
    hash.update(`${name}[${shape}]`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}

/** Tensors of a state by names, which get a prefix in the file. */
const stored = (prefix: string, named: Named, names: readonly string[]): [string, StoredTensor][] =>
  names.map((name) => [`${prefix}${name}`, { shape: named[name]!.shape, data: named[name]!.dataSync() as Float32Array }])

/** Parameters and running statistics of a state under their names in the file: params/*, stats/*. */
export function storedWeights(
  network: Network,
  { params, statistics }: Pick<TrainingState, 'params' | 'statistics'>,
): Map<string, StoredTensor> {
  const names = (of: readonly { name: string }[]): string[] => of.map(({ name }) => name)
  return new Map([...stored('params/', params, names(network.parameters)), ...stored('stats/', statistics, names(network.statistics))])
}

/** The tensors of a state under their names in the file: those of `storedWeights`, and each slot of the optimizer. */
export function storedTensors(network: Network, state: TrainingState, optimizer: string): Map<string, StoredTensor> {
  const slots = findOptimizer(optimizer).slots.flatMap((slot) => network.parameters.map(({ name }) => `${slot}/${name}`))
  return new Map([...storedWeights(network, state), ...stored('', state.slots, slots)])
}

/** @throws LeaseLost when a newer trainer owns the folder */
async function assertLease(folder: string, lease: number): Promise<void> {
  const current = Number((await readFile(join(folder, 'lease'), 'utf8')).trim())
  if (current !== lease) throw new LeaseLost(`trainer ${current} has taken over the run from this one (${lease})`)
}

export interface SavedCheckpoint {
  file: string
  bytes: number
  weightsHash: string
  contentHash: string
}

/** The file differs from what was written or cannot be read; the run must resume from an older checkpoint. */
export class DamagedCheckpoint extends UserError {
  /** The cause as part of a sentence, without a full stop. */
  readonly why: string
  constructor(path: string, found: string, cause?: unknown) {
    const why = found.replace(/\.$/, '')
    super('BAD_INPUT', `${path} is damaged: ${why}. Resume from an older checkpoint.`, { cause })
    this.why = why
  }
}

/** A weight is NaN or infinite, so the checkpoint is not worth keeping. */
export class NotFinite extends Error {
  override readonly name = 'NotFinite'
  constructor(readonly tensor: string) {
    super(`${tensor} is not finite`)
  }
}

/**
 * Writes the state completely or not at all, and only while this trainer has the lease.
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
  const said = { format: FORMAT, ...configMetadata(config), progress: JSON.stringify(progress), weightsHash: hash, ...extra }
  const metadata = seal(said, tensors)
  const bytes = await writeSafetensors(join(folder, file), { metadata, tensors }, { mayPlace: () => assertLease(folder, lease) })
  return { file, bytes, weightsHash: hash, contentHash: metadata.contentHash }
}

/** The metadata in a file of weights about their configuration. */
export function configMetadata(config: RunConfig): { config: string; configVersion: string } {
  const { version, text } = storeConfig(config)
  return { config: text, configVersion: String(version) }
}

export interface ReadCheckpoint {
  file: SafetensorsFile
  config: RunConfig
  progress: Progress
  /** Whether everything was compared with its hash; in the first format, only the weights can be. */
  fullyChecked: boolean
}

/**
 * Reads what `saveCheckpoint` of this or an earlier version wrote, and verifies its hashes.
 * @throws DamagedCheckpoint
 * @throws UserError when it is of a newer format, or its configuration is
 */
export async function readCheckpoint(path: string): Promise<ReadCheckpoint> {
  const file = await readSafetensors(path).catch((error: Error) => {
    throw new DamagedCheckpoint(path, error.message, error)
  })
  const sound = isSound(file)
  if (sound === false) throw new DamagedCheckpoint(path, 'its content does not match its hash')
  const version = versionOf(file.metadata['format'])
  if (version === null)
    throw new DamagedCheckpoint(path, `its metadata do not identify it as a checkpoint (format ${file.metadata['format'] ?? 'missing'})`)
  if (version > versions.current)
    throw new UserError(
      'BAD_INPUT',
      `${path} is a checkpoint of format ${version}, but this Retrace only reads formats up to ${versions.current}. Update Retrace.`,
    )
  if (version > 1 && sound === null) throw new DamagedCheckpoint(path, 'the hash of its content is missing')
  if (weightsHash(file.tensors) !== file.metadata['weightsHash']) throw new DamagedCheckpoint(path, 'its weights do not match their hash')
  return { file, ...readMetadata(path, file.metadata), fullyChecked: sound !== null }
}

/** The progress in the metadata of a checkpoint of any format. @throws when it cannot be read */
export function readProgress(metadata: Readonly<Record<string, string>>): Progress {
  const { progress } = versions.migrate(versionOf(metadata['format']) ?? 1, metadata)
  return ProgressSchema.parse(JSON.parse(progress ?? ''))
}

function readMetadata(path: string, metadata: Readonly<Record<string, string>>): Pick<ReadCheckpoint, 'config' | 'progress'> {
  let progress: Progress
  try {
    progress = readProgress(metadata)
  } catch (error) {
    throw new DamagedCheckpoint(path, 'its progress metadata cannot be read', error)
  }
  return { config: readStoredConfig({ version: Number(metadata['configVersion'] ?? 1), text: metadata['config'] ?? '' }), progress }
}

/** The checkpoint from which a run continues, and newer ones that were found to be damaged. */
export interface SoundCheckpoint {
  file: string
  step: number
  damaged: { file: string; reason: string }[]
}

/**
 * The newest undamaged checkpoint.
 * @param files newest first
 * @throws UserError when all are damaged, or one is of a newer version
 */
export async function findSound(folder: string, files: readonly string[]): Promise<SoundCheckpoint> {
  const damaged: SoundCheckpoint['damaged'] = []
  for (const file of files)
    try {
      return { file, step: (await readCheckpoint(join(folder, file))).progress.step, damaged }
    } catch (error) {
      if (!(error instanceof DamagedCheckpoint)) throw error
      damaged.push({ file, reason: `${file} is damaged: ${error.why}` })
    }
  throw new UserError(
    'BAD_INPUT',
    `All checkpoints of this run are damaged. Retry the run to restart it from step 0. The last one: ${damaged[0]?.reason ?? 'missing'}.`,
  )
}

/** Loads tensors by name into a state of this network. @throws UserError naming missing tensors and those of another shape */
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
  requireTensors(tensors, wanted)
}

/** @throws UserError naming the tensors that are missing, or not float32 of the required shape */
export function requireTensors(tensors: ReadonlyMap<string, StoredTensor>, wanted: readonly [name: string, shape: number[]][]): void {
  const problems = wanted.flatMap(([name, shape]) => {
    const found = tensors.get(name)
    if (!found) return [`${name} is missing`]
    if (String(found.shape) !== String(shape)) return [`${name} has shape [${found.shape}] instead of [${shape}]`]
    return found.data instanceof Float32Array ? [] : [`${name} is not float32`]
  })
  if (problems.length === 0) return
  const rest = problems.length > 3 ? ` and ${problems.length - 3} more` : ''
  throw new UserError('BAD_INPUT', `These weights do not fit the network: ${problems.slice(0, 3).join('; ')}${rest}.`)
}
