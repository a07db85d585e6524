import { UserError } from '../../contract/errors.js'
import type { NetworkConfig } from '../../contract/config.js'
import { deepened, deepenedKeys, unitsOf } from '../../lab/over-depth.js'
import { nominalConfig } from '../../numeric/describe.js'
import { parameterCount, type Network } from '../../numeric/network.js'
import { findPreset } from '../../numeric/presets.js'

type Stages = NetworkConfig['stages']

export interface Pair {
  preset: string
  against: string
}

export interface Side {
  name: string
  network: Network
  stages: Stages
  /** Configuration keys that differ from the preset's. */
  keys: Record<string, unknown>
}

/** @throws UserError BAD_INPUT when the preset is of that architecture itself */
export function ownSide({ preset, against }: Pair): Side {
  const config = nominalConfig(findPreset(preset))
  if (against === config.arch)
    throw new UserError('BAD_INPUT', `against: ${preset} is of the architecture ${against} itself. Choose another one.`)
  return { name: config.arch, network: deepened(config, 1)!, stages: config.stages, keys: {} }
}

/** The other architecture with these stages, and otherwise the preset. @throws UserError BAD_INPUT when it does not accept them */
export function otherSide({ preset, against }: Pair, stages: Stages): Side {
  const config = nominalConfig(findPreset(preset))
  const network = deepened({ ...config, stages }, 1, against)
  if (!network)
    throw new UserError('BAD_INPUT', `against: ${against} does not take the channels of ${preset}. Choose another architecture or preset.`)
  return { name: against, network, stages, keys: { ...deepenedKeys({ ...config, stages }, 1, against) } }
}

/** Stages with their number of units multiplied, at least one each. */
const scaled = (stages: Stages, factor: number): Stages =>
  stages.map(({ channels, units }) => ({ channels, units: Math.max(1, Math.round(units * factor)) }))

/**
 * The closest network according to a measure: starting from these stages, one unit is added or removed stage by stage as long as that is
 * closer.
 */
function nearest(pair: Pair, from: Stages, apart: (network: Network) => number): Side {
  const at = (stages: Stages) => {
    const side = otherSide(pair, stages)
    return { side, apart: apart(side.network) }
  }
  let best = at(from)
  for (let improved = true; improved;) {
    improved = false
    for (const [stage] of best.side.stages.entries())
      for (const more of [1, -1]) {
        const stages = best.side.stages.map(({ channels, units }, each) => ({ channels, units: units + (each === stage ? more : 0) }))
        if (stages[stage]!.units < 1) continue
        const next = at(stages)
        if (next.apart < best.apart) [best, improved] = [next, true]
      }
  }
  return best.side
}

/** Cache of the last match, because reports are created whenever somebody opens the page. */
let lastPair: { of: string; pair: [Side, Side] } | null = null

/** The network of the preset, and that of the other architecture with the closest number of parameters. @throws UserError BAD_INPUT */
export function matchParameters({ preset, against }: Pair): [Side, Side] {
  const of = `${preset} ${against}`
  if (lastPair?.of === of) return lastPair.pair
  const own = ownSide({ preset, against })
  const target = parameterCount(own.network)
  const factor = target / parameterCount(otherSide({ preset, against }, own.stages).network)
  const apart = (network: Network): number => Math.abs(Math.log(parameterCount(network) / target))
  const pair: [Side, Side] = [own, nearest({ preset, against }, scaled(own.stages, factor), apart)]
  lastPair = { of, pair }
  return pair
}

/** Factors of the units for the first timings, relative to the network with matched parameters. */
const FIRST = [0.5, 1, 2]

/** The networks that are timed first: that of the preset, and several sizes of the other architecture. @throws UserError BAD_INPUT */
export function firstSizes(pair: Pair): Side[] {
  const [own, other] = matchParameters(pair)
  const sizes = FIRST.map((factor) => scaled(other.stages, factor))
  const distinct = sizes.filter((stages, at) => sizes.findIndex((each) => JSON.stringify(each) === JSON.stringify(stages)) === at)
  return [own, ...distinct.map((stages) => otherSide(pair, stages))]
}

/** A timed network. */
export interface Timed {
  stages: Stages
  secondsPerStep: number
}

/** Maximum factor between a size and the timed ones. */
const FARTHEST = 4

/**
 * The size of the other architecture at which a step is expected to take as long as one of the preset, according to the straight line
 * through the timings, because the time of a step grows linearly with the units. Null if the line is not usable, or that size was timed
 * already.
 */
export function expectedSize(pair: Pair, target: number, timed: readonly Timed[]): Side | null {
  const points = timed.map(({ stages, secondsPerStep }) => ({ x: unitsOf(otherSide(pair, stages).network), y: secondsPerStep }))
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map((point) => point.x)), mean(points.map((point) => point.y))]
  const slope = mean(points.map((point) => (point.x - x) * (point.y - y))) / mean(points.map((point) => (point.x - x) ** 2))
  if (!(slope > 0)) return null
  const [fewest, most] = [Math.min(...points.map((point) => point.x)), Math.max(...points.map((point) => point.x))]
  const units = Math.min(Math.max(x + (target - y) / slope, fewest / FARTHEST), most * FARTHEST)
  const [, other] = matchParameters(pair)
  const side = nearest(pair, scaled(other.stages, units / unitsOf(other.network)), (network) => Math.abs(unitsOf(network) - units))
  return timed.some(({ stages }) => JSON.stringify(stages) === JSON.stringify(side.stages)) ? null : side
}

/** The timed network whose step time has the ratio closest to one; the first of equally close ones. */
export const nearestTime = (target: number, timed: readonly Timed[]): Timed | null =>
  timed.reduce<Timed | null>((best, each) => {
    const apart = (of: Timed): number => Math.abs(Math.log(of.secondsPerStep / target))
    return best === null || apart(each) < apart(best) ? each : best
  }, null)
