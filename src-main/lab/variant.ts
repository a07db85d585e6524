import { clone, tensor, type Tensor } from '@tensorflow/tfjs-core'
import { MANTISSA_BITS } from '../contract/instruments.js'
import { buildNetwork, type Network } from '../numeric/network.js'
import { release, type Named, type Pair } from '../numeric/tensors.js'
import type { LabTarget } from './diagnostic.js'

/** Stages whose first unit differs from the others and is therefore applied once, however often the others are repeated. */
const firstStandsAlone = ({ stages, config }: Network, stage: number): boolean =>
  stages[stage]!.entrance !== null || (stage === 0 && config.unitNorm === 'batch')

/** The network of a target with another step size, and with each of its units applied several times in a row. */
export function variantNetwork({ network }: Pick<LabTarget, 'network'>, hFactor: number, repeat: number): Network {
  const { config } = network
  if (hFactor === 1 && repeat === 1) return network
  const stages = config.stages.map(({ channels, units }, index) => {
    const alone = firstStandsAlone(network, index) ? 1 : 0
    return { channels, units: alone + (units - alone) * repeat }
  })
  return buildNetwork({ ...config, h: config.h * hFactor, stages })
}

/** The unit of the original network with the parameters of unit `unit` of a variant; both counted from 1. */
function originalUnit(original: Network, stage: number, unit: number, repeat: number): number {
  const alone = firstStandsAlone(original, stage - 1) ? 1 : 0
  return unit <= alone ? unit : alone + Math.ceil((unit - alone) / repeat)
}

/** Parameters or statistics of a variant by its own names, as copies. */
export function variantTensors(original: Network, repeat: number, names: readonly string[], named: Named): Named {
  const of = (name: string): Tensor => {
    const [, stage, unit, local] = /^stage(\d+)\/unit(\d+)\/(.*)$/.exec(name) ?? []
    const source = stage === undefined ? name : `stage${stage}/unit${originalUnit(original, Number(stage), Number(unit), repeat)}/${local}`
    const found = named[source]
    if (!found) throw new Error(`the network has no ${source}`)
    return clone(found)
  }
  return Object.fromEntries(names.map((name) => [name, of(name)]))
}

/** A network with weights that fit it. */
export interface Variant {
  network: Network
  params: Named
  statistics: Named
}

/** A network with another step size and each of its units applied several times; the caller owns its tensors. */
export function variantOf(of: Variant, hFactor: number, repeat: number): Variant {
  const network = variantNetwork(of, hFactor, repeat)
  const take = (specs: readonly { name: string }[], from: Named): Named =>
    variantTensors(
      of.network,
      repeat,
      specs.map(({ name }) => name),
      from,
    )
  return { network, params: take(network.parameters, of.params), statistics: take(network.statistics, of.statistics) }
}

/**
 * Float32 values rounded to nearest, ties to even, with the given number of stored mantissa bits: 23 is full precision, 10 as in TF32 and
 * half, 7 as in bfloat16.
 */
export function roundMantissa(values: Float32Array, bits: number): Float32Array {
  const rounded = values.slice()
  const shift = MANTISSA_BITS - bits
  if (shift <= 0) return rounded
  const words = new Uint32Array(rounded.buffer)
  const [half, mask] = [2 ** (shift - 1) - 1, 2 ** shift]
  words.forEach((word, at) => {
    const exponent = (word >>> 23) & 0xff
    // Infinities and NaN are unchanged.
    if (exponent === 0xff) return
    const odd = Math.floor(word / mask) % 2
    words[at] = Math.floor((word + half + odd) / mask) * mask
  })
  return rounded
}

/** A pair rounded, in new tensors. */
export const roundedPair = (pair: Pair, bits: number): Pair =>
  pair.map((state) => tensor(roundMantissa(state.dataSync() as Float32Array, bits), state.shape)) as unknown as Pair

/** Frees every tensor of a record. */
export const disposeNamed = (named: Named): void => release(Object.values(named))
