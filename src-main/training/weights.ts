import type { RunConfig } from '../contract/config.js'
import type { LayerNorm } from '../contract/evaluations.js'
import { UserError } from '../contract/errors.js'
import { layerNorms } from '../numeric/layer-norms.js'
import { buildNetwork } from '../numeric/network.js'
import { prolong } from '../numeric/prolong.js'
import { configMetadata, isCheckpoint, readCheckpoint, requireFit, weightsHash } from './checkpoint.js'
import { isSound } from './content-hash.js'
import { isPopulation } from './population.js'
import { readSafetensors, writeSafetensors, type StoredTensor } from './safetensors.js'

const WEIGHTS_FORMAT = 'retrace-weights-1'

const isWeight = (name: string): boolean => name.startsWith('params/') || name.startsWith('stats/')

/**
 * Parameters (`params/*`) and running statistics (`stats/*`) of any .safetensors file with these names: a checkpoint, exported weights, or
 * a file of another program. Their hash is verified if the file contains one.
 * @throws UserError when the file cannot be read or is damaged
 */
export async function readWeights(path: string): Promise<Map<string, StoredTensor>> {
  const file = await readSafetensors(path)
  const { metadata, tensors } = file
  const stated = isCheckpoint(metadata) || metadata['format'] === WEIGHTS_FORMAT ? metadata['weightsHash'] : undefined
  if (isSound(file) === false) throw new UserError('BAD_INPUT', `${path} is damaged: its content does not match its hash. Get it again.`)
  if (stated !== undefined && stated !== weightsHash(tensors))
    throw new UserError('BAD_INPUT', `${path} is damaged: its weights do not match their hash. Get it again.`)
  return new Map([...tensors].filter(([name]) => isWeight(name)))
}

/**
 * @throws UserError when the file cannot be read, or its weights do not fit the network of the configuration: missing or superfluous ones
 */
export async function checkWeights(path: string, config: RunConfig): Promise<void> {
  const network = buildNetwork(config)
  const weights = await readWeights(path)
  requireFit(network, weights)
  const wanted = new Set(network.parameters.map(({ name }) => `params/${name}`))
  const over = [...weights.keys()].filter((name) => name.startsWith('params/') && !wanted.has(name))
  if (over.length)
    throw new UserError(
      'BAD_INPUT',
      `${path} has ${over.length} parameters that this network does not have (${over.slice(0, 3).join(', ')}${over.length > 3 ? ', ...' : ''}). Choose weights of the same network.`,
    )
}

/**
 * Writes the weights of a checkpoint under the same names, without what only training needs. If the run estimates statistics for its
 * evaluations, they are included as `population/*`. A run that starts from the file estimates its own.
 * @param overwrite whether an existing file may be replaced
 * @returns bytes written
 * @throws UserError when the checkpoint is damaged, or the file exists already or cannot be written
 */
export async function exportWeights(checkpoint: string, target: string, overwrite = false): Promise<number> {
  const { file, config, progress } = await readCheckpoint(checkpoint)
  const tensors = new Map([...file.tensors].filter(([name]) => isWeight(name) || isPopulation(name)))
  const metadata = {
    format: WEIGHTS_FORMAT,
    ...configMetadata(config),
    step: String(progress.step),
    weightsHash: weightsHash(tensors),
  }
  return writeSafetensors(target, { metadata, tensors }, { overwrite })
}

/**
 * Replaces a file of weights with the weights of the network of twice the depth. The file is never modified in place, because it may be a
 * hard link to a checkpoint.
 * @throws UserError when the file cannot be read or is damaged, or the new one cannot be written
 */
export async function doubleWeights(path: string): Promise<void> {
  const tensors = prolong(await readWeights(path))
  await writeSafetensors(path, { metadata: { format: WEIGHTS_FORMAT, weightsHash: weightsHash(tensors) }, tensors }, { overwrite: true })
}

/** Milliseconds after which control is returned to the event loop, because the process also does other work. */
const SLICE = 10

/**
 * Norms of the parameters of a file of weights, in the order of its network.
 * @throws UserError when the file cannot be read or is damaged
 */
export async function weightNorms(path: string): Promise<LayerNorm[]> {
  const weights = await readWeights(path)
  const parameters = new Map<string, { shape: number[]; data: Float32Array }>()
  for (const [name, { shape, data }] of weights)
    if (name.startsWith('params/') && data instanceof Float32Array) parameters.set(name.slice('params/'.length), { shape, data })
  const layers: LayerNorm[] = []
  let began = performance.now()
  for (const layer of layerNorms(parameters)) {
    layers.push(layer)
    if (performance.now() - began < SLICE) continue
    await new Promise((resolve) => setImmediate(resolve))
    began = performance.now()
  }
  return layers
}
