import { argMax, concat, mean, pad, tensor, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { toBase64 } from '../../contract/base64.js'
import { FLOW_GRID, type FlowSetting, type FlowView } from '../../contract/instruments.js'
import { batchMoments } from '../../numeric/batch-moments.js'
import { latticeOver } from '../../numeric/lattice.js'
import type { Network } from '../../numeric/network.js'
import { head, openStage, stageSweep, stem, type Pass } from '../../numeric/pass.js'
import { release, type Pair } from '../../numeric/tensors.js'
import { joined } from '../flat.js'
import { imageTensor, through, unitsOf } from '../frozen.js'
import { defineInstrument } from '../instrument.js'
import { coordinatePlane, principalPlane, project } from '../math/principal.js'
import { formNotes, measureStates, refuseVariant } from '../measure-reversal.js'
import { disposeNamed, variantOf, type Variant } from '../variant.js'

type Place = FlowView['places'][number]

/** Features of all samples at one place: [samples, width], padded with zeros to the widest stage. */
type Features = Float32Array

/**
 * Samples, and for planar inputs a lattice, on their way through the units and back, all in one projection (like the figures in Haber and
 * Ruthotto 2017, section 6). For feature maps, the spatial means are used.
 */
export const flow = defineInstrument<FlowSetting, FlowView>({
  refuse: (target, setting) => refuseVariant(target, setting, setting.points),
  look(context, setting) {
    const { data, config } = context
    const { hFactor, repeat, mantissaBits, projection } = setting
    const reversible = context.network.dynamics.reversible
    const plain = variantOf(context, hFactor, repeat)
    const { network } = plain
    const sample = data.sample(setting.points)
    const points = imageTensor(context, sample)
    const ofBatch = setting.statistics === 'batch' && network.statistics.length > 0
    const moments = ofBatch ? batchMoments(network, plain.params, plain.statistics, points) : null
    // Frozen, so that the lattice does not affect the points.
    const variant: Variant = { ...plain, statistics: moments ?? plain.statistics }
    try {
      const lattice = isPlane(network) ? latticeOver(sample.images, FLOW_GRID) : null
      const inputs = lattice ? concat([points, tensor(lattice.values, [lattice.size ** 2, 1, 1, 2])]) : points
      const width = Math.max(...network.stages.map(({ channels }) => channels))
      const { places, seen, predicted } = forwards(variant, inputs, width)
      const back = reversible ? backwards(variant, inputs, width, places, mantissaBits) : null
      const count = sample.count
      const ofPoints = (all: readonly Features[]): Features[] => all.map((rows) => rows.subarray(0, count * width))
      const ofLattice = (all: readonly Features[]): Features[] => all.map((rows) => rows.subarray(count * width))
      const fitted = projection === 'principal' ? principalPlane(joined(ofPoints(seen), Float32Array), width) : null
      const plane = fitted ?? coordinatePlane(width)
      const packed = (all: readonly Features[]): string => toBase64(project(plane, joined(all, Float32Array)))
      return {
        instrument: 'flow',
        places,
        forward: packed(ofPoints(seen)),
        backward: back && packed(ofPoints(back)),
        labels: [...sample.labels],
        predicted: predicted.slice(0, count),
        grid: lattice && {
          size: lattice.size,
          extent: lattice.extent,
          forward: packed(ofLattice(seen)),
          backward: back && packed(ofLattice(back)),
          predicted: predicted.slice(count),
        },
        axes: fitted
          ? [
              `Principal component 1 (${percent(fitted.explained[0])} of the variance)`,
              `Principal component 2 (${percent(fitted.explained[1])})`,
            ]
          : ['Coordinate 1', 'Coordinate 2'],
        h: network.config.h,
        normalised: network.statistics.length > 0,
        notes: [
          ...(network.config.maps === 'dense' ? [] : ['Feature maps are represented by the mean of each channel over space.']),
          ...(ofBatch ? ['Batch norm uses the fixed mean and variance of these samples.'] : []),
          ...(reversible
            ? formNotes(network, { ...setting, anchorEvery: config.anchorEvery })
            : [`${network.dynamics.label} is not reversible, so the flow only runs forward.`]),
        ],
      }
    } finally {
      if (moments) disposeNamed(moments)
    }
  },
})

const percent = (part: number): string => `${(100 * part).toFixed(0)}%`

const isPlane = ({ config: { image } }: Network): boolean => image.height * image.width * image.channels === 2

/** The features of a state. */
const featuresOf = (state: Tensor, width: number): Features => {
  const found = tidy(() => {
    const flat = state.rank === 4 ? mean(state, [1, 2]) : state
    return pad(flat, [
      [0, 0],
      [0, width - flat.shape[1]!],
    ])
  })
  const values = found.dataSync<'float32'>().slice()
  found.dispose()
  return values
}

/** The states before every unit and after the last one of every stage, and the predicted classes. */
function forwards(
  { network, params, statistics }: Variant,
  x: Tensor,
  width: number,
): { places: Place[]; seen: Features[]; predicted: number[] } {
  const pass: Pass = { network, params, statistics, training: false, moved: new Map() }
  const places: Place[] = []
  const seen: Features[] = []
  let state = tidy(() => stem(pass, x, false))
  const look = (pair: Pair, place: Place): void => {
    const closed = tidy(() => network.dynamics.close(pair))
    seen.push(featuresOf(closed, width))
    places.push(place)
    release([closed], [...pair])
  }
  for (const [index, stage] of network.stages.entries()) {
    const sweep = stageSweep(pass, stage)
    let pair = openStage(pass, index, state)
    for (const substeps of unitsOf(stage.substeps)) {
      look(pair, { stage: index + 1, unit: substeps[0]!.unitIndex + 1, end: false })
      const after = through(sweep, substeps, pair)
      release(pair, after)
      pair = after
    }
    look(pair, { stage: index + 1, unit: stage.units, end: true })
    state = tidy(() => network.dynamics.close(pair))
    release(pair, [state])
  }
  const classes = tidy(() => argMax(head(pass, state, false), -1))
  const predicted = [...classes.dataSync()]
  release([classes, state])
  return { places, seen, predicted }
}

/** The states at the same places, reconstructed from the stored end of each stage. */
function backwards(variant: Variant, x: Tensor, width: number, places: readonly Place[], mantissaBits: number): Features[] {
  const { network } = variant
  const found = new Map<string, Features>()
  const name = ({ stage, unit, end }: Place): string => `${stage}/${end ? 'end' : unit}`
  const look = (pair: Pair, place: Place): void => {
    const closed = tidy(() => network.dynamics.close(pair))
    found.set(name(place), featuresOf(closed, width))
    release([closed], [...pair])
  }
  measureStates(variant, x, {
    mantissaBits,
    running: true,
    end: (stage, kept) => look(kept, { stage: stage + 1, unit: 0, end: true }),
    visit(stage, at, rebuilt) {
      const { substeps } = network.stages[stage]!
      const { unitIndex } = substeps[at]!
      if (substeps[at - 1]?.unitIndex !== unitIndex) look(rebuilt, { stage: stage + 1, unit: unitIndex + 1, end: false })
    },
  })
  return places.map((place) => found.get(name(place))!)
}
