import { fromBase64, toBase64 } from '../../contract/base64.js'
import { INSPECTOR_IMAGES, type InspectorSetting, type InspectorView, type StateMap } from '../../contract/instruments.js'
import type { ParameterError } from '../../numeric/gradient-error.js'
import type { Network } from '../../numeric/network.js'
import { infer } from '../../numeric/pass.js'
import type { LabImages, LabTarget } from '../diagnostic.js'
import { joined } from '../flat.js'
import { batchTensors, imageTensor } from '../frozen.js'
import { Findings } from '../findings.js'
import { defineInstrument, type InstrumentContext } from '../instrument.js'
import {
  channelOf,
  evenly,
  formNotes,
  measureGradients,
  measureStates,
  refuseReversal,
  statisticsNotes,
  VANISHED,
} from '../measure-reversal.js'
import { REVERSAL_QUANTITIES, reportReversal } from '../report-reversal.js'
import { freeing } from '../scope.js'
import { variantOf } from '../variant.js'

/** Batch size for batch norm, as in training; the shown image is the first. */
const BATCH = 8
/** Maximum number of states that are sent, evenly distributed over the units. */
const MAPS = 24

/**
 * One image on its way forward and back, at every position of a slider: the same measurement as the diagnostic Reversal, together with the
 * states themselves.
 */
export const inspector = defineInstrument<InspectorSetting, InspectorView>({
  refuse: (target, setting) => refuseReversal(target, setting, BATCH) ?? refuseImage(target, setting),
  look(context, setting) {
    const { config, data } = context
    const { hFactor, repeat, mantissaBits, channel } = setting
    const running = setting.statistics === 'running'
    const variant = variantOf(context, hFactor, repeat)
    const { network } = variant
    const choice = Math.min(INSPECTOR_IMAGES, data.sizes.train)
    const own = setting.given === null ? null : ownImage(context, data.normalised(fromBase64(setting.given)))
    const given = own ? behind(own, data.sample(BATCH)) : withFirst(data.sample(choice), Math.min(setting.image, choice - 1))
    const batch = batchTensors(context, given)

    const maps: Omit<StateMap, 'at'>[] = []
    const places: { stage: number; unit: number }[] = []
    const spread = chosenUnits(network)
    const units = measureStates(variant, batch.images, {
      mantissaBits,
      running,
      // Called from the last unit of each stage to its first.
      visit(stage, at, rebuilt, stored) {
        const { substeps } = network.stages[stage]!
        const { unitIndex: unit } = substeps[at]!
        // The pair before its first substep is the one that enters a unit.
        if (substeps[at - 1]?.unitIndex === unit || !spread.has(`${stage}/${unit}`)) return
        const { values, height, width } = channelOf(network, stored, channel - 1)
        maps.push({ height, width, stored: toBase64(values), rebuilt: toBase64(channelOf(network, rebuilt, channel - 1).values) })
        places.push({ stage, unit })
      },
    })
    const gradients: ParameterError[] | null = setting.gradients
      ? measureGradients(variant, batch, { mantissaBits, labelSmoothing: config.labelSmoothing })
      : []
    const { height, width, channels } = network.config.image
    const findings = new Findings(REVERSAL_QUANTITIES)
    reportReversal(findings, units, gradients ?? [], setting.tolerance)
    const { tables, figures, summary } = findings.found
    return {
      instrument: 'inspector',
      table: tables[0]!,
      figure: figures.find(({ kind }) => kind === 'line') as InspectorView['figure'],
      summary,
      maps: places
        .map((place, i) => ({ at: units.findIndex(({ stage, unit }) => stage === place.stage && unit === place.unit), ...maps[i]! }))
        .sort((a, b) => a.at - b.at),
      input: { height, width, channels, values: toBase64(given.images.slice(0, height * width * channels)), label: given.labels[0]! },
      images: given.count,
      choice,
      h: network.config.h,
      normalised: network.statistics.length > 0,
      notes: [
        ...(own ? ['Your image has no class, so its loss is that of the class that the network predicts.'] : []),
        ...(gradients ? [] : [VANISHED]),
        ...statisticsNotes(network, running),
        ...formNotes(network, { ...setting, anchorEvery: config.anchorEvery }),
      ],
    }
  },
})

/** A batch of the image at an index, followed by the first other images. */
function withFirst({ images, labels, count }: LabImages, index: number): LabImages {
  const size = images.length / count
  const others = Array.from({ length: count }, (_, i) => i).filter((i) => i !== index)
  const order = [index, ...others].slice(0, BATCH)
  const chosen = new Float32Array(order.length * size)
  order.forEach((from, to) => chosen.set(images.subarray(from * size, (from + 1) * size), to * size))
  return { images: chosen, labels: Int32Array.from(order, (from) => labels[from]!), count: order.length }
}

/**
 * A user's own image as a batch of one, labelled with the class predicted with the statistics of evaluations or otherwise the running ones.
 */
function ownImage(context: InstrumentContext, images: Float32Array): LabImages {
  const { network, params, statistics, population } = context
  const label = freeing(() => {
    const x = imageTensor(context, { images, count: 1, labels: new Int32Array(1) })
    return infer(network, params, population ?? statistics, x)
      .argMax(1)
      .dataSync()[0]!
  })
  return { images, labels: Int32Array.of(label), count: 1 }
}

/** A batch of one image, followed by the first other images. */
function behind(first: LabImages, others: LabImages): LabImages {
  const count = Math.min(BATCH - 1, others.count)
  const size = others.images.length / others.count
  return {
    images: joined([first.images, others.images.subarray(0, count * size)], Float32Array),
    labels: joined([first.labels, others.labels.subarray(0, count)], Int32Array),
    count: count + 1,
  }
}

/** Why the pixels of a user's own image do not fit this network; null if they do. */
function refuseImage({ network, config: { dataset } }: LabTarget, { given }: InspectorSetting): string | null {
  const { height, width, channels } = network.config.image
  if (given === null || fromBase64(given).length === height * width * channels) return null
  return `The image does not have the shape of those of ${dataset} (${height}x${width}x${channels}). Choose its file again.`
}

/** Some of the units whose entering states are reconstructed, evenly distributed, as `stage/unit`. */
function chosenUnits({ stages }: Network): Set<string> {
  const all = stages.flatMap(({ substeps }, stage) => [...new Set(substeps.map(({ unitIndex }) => `${stage}/${unitIndex}`))])
  return new Set(evenly(all.length, MAPS).map((at) => all[at]!))
}
