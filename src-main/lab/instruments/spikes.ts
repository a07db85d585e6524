import { argMax, dispose, tidy } from '@tensorflow/tfjs-core'
import { toBase64 } from '../../contract/base64.js'
import { INSPECTOR_IMAGES, type SpikesSetting, type SpikesView } from '../../contract/instruments.js'
import { cellOf } from '../../contract/lab.js'
import { refuseConversion } from '../../numeric/spiking/open-network.js'
import { analog, simulate } from '../../numeric/spiking/simulate.js'
import type { Named } from '../../numeric/tensors.js'
import type { LabImages } from '../diagnostic.js'
import { imageTensor } from '../frozen.js'
import { defineInstrument, type InstrumentContext } from '../instrument.js'
import { convert, refuseJunction, type Converted } from '../spiking.js'

/** Conversions of the cached weights, so that another image can be simulated immediately. */
const known = new WeakMap<Named, Map<string, Converted>>()

function converted(context: InstrumentContext, { reset, junction, coding, calibrationImages, calibrationSteps }: SpikesSetting): Converted {
  const options = { junction, coding, calibrationImages, calibrationSteps }
  const key = JSON.stringify([reset, options])
  const ofWeights = known.get(context.params) ?? new Map<string, Converted>()
  known.set(context.params, ofWeights)
  const before = ofWeights.get(key)
  if (before) return before
  const work = convert(context, options, reset)
  let next = work.next()
  while (!next.done) next = work.next()
  ofWeights.set(key, next.value)
  return next.value
}

type Place = Pick<SpikesView['layers'][number], 'name' | 'height' | 'width' | 'channels'>

/** Vectors are shown in the squarest grid into which their length divides. */
function placeOf(name: string, [, ...shape]: readonly number[]): Place {
  if (shape.length === 3) return { name, height: shape[0]!, width: shape[1]!, channels: shape[2]! }
  const length = shape[0]!
  let height = Math.floor(Math.sqrt(length))
  while (length % height !== 0) height--
  return { name, height, width: length / height, channels: 1 }
}

/** Sums [height, width, channels] over the channels. */
function overChannels({ height, width, channels }: Place, spikes: ArrayLike<number>): Int8Array {
  return Int8Array.from({ length: height * width }, (_, at) => {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += spikes[at * channels + channel]!
    return Math.max(-127, Math.min(127, sum))
  })
}

/** The spikes of one training image, step by step, in every layer of the converted network. */
export const spikes = defineInstrument<SpikesSetting, SpikesView>({
  refuse: (target, setting) => refuseConversion(target.network) ?? refuseJunction(target, setting),
  look(context, setting) {
    const { network, conversion, train } = converted(context, setting)
    const { timeSteps: steps, image: index } = setting
    const { height, width, channels } = context.config.image
    const sample = context.data.sample(INSPECTOR_IMAGES)
    const at = Math.min(index, sample.count - 1)
    const size = height * width * channels
    const one: LabImages = {
      images: sample.images.slice(at * size, (at + 1) * size),
      labels: sample.labels.slice(at, at + 1),
      count: 1,
    }
    const x = imageTensor(context, one)
    const { activations, logits } = analog(network, x)
    const predicted = tidy(() => argMax(logits, 1)).dataSync()[0]!
    const shapes = activations.map(({ shape }) => shape)
    dispose([x, logits, ...activations])

    const inputPlace: Place = { name: 'input', height, width, channels }
    const places = [inputPlace, ...network.layers.map(({ name }, layer) => placeOf(name, shapes[layer]!))]
    const seen = places.map((place) => new Int8Array(steps * place.height * place.width))
    const put = (layer: number, step: number, values: ArrayLike<number>): void =>
      seen[layer]!.set(overChannels(places[layer]!, values), step * places[layer]!.height * places[layer]!.width)
    const { classes } = context.config
    const output = new Float32Array(steps * classes)
    const shares: number[][] = network.layers.map(() => [])
    const before: Float32Array[] = []
    /** Input spikes have the height of the input scale, and are therefore divided by it below; a current is used as it is. */
    const next = train(one, at)()
    for (const { step, output: summed, neurons } of simulate(network, conversion, train(one, at), steps)) {
      const input = next()
      put(
        0,
        step - 1,
        input.dataSync().map((value) => Math.round(value / conversion.inputScale)),
      )
      input.dispose()
      output.set(summed.dataSync(), (step - 1) * classes)
      neurons.counts.forEach((counts, layer) => {
        const total = counts.dataSync<'float32'>().slice()
        const last = before[layer]
        const fired = last ? total.map((count, neuron) => count - last[neuron]!) : total
        before[layer] = total
        put(layer + 1, step - 1, fired)
        shares[layer]!.push(fired.reduce((sum, spike) => sum + spike, 0) / fired.length)
      })
    }
    const final = output.subarray((steps - 1) * classes)
    const rows = shares.flatMap((ofLayer, layer) => ofLayer.map((share, step) => ({ step: step + 1, layer: layer + 1, share })))
    const axis = (label: string, unit: string) => ({ label, unit, log: false })
    const spiking = rows.reduce((sum, { share }) => sum + share, 0) / rows.length
    return {
      instrument: 'spikes',
      steps,
      layers: places.map((place, layer) => ({ ...place, spikes: toBase64(seen[layer]!) })),
      output: toBase64(output),
      label: one.labels[0]!,
      analog: predicted,
      table: {
        key: 'spikes',
        title: 'Neurons that spike, by layer and step',
        columns: [
          { key: 'step', label: 'Time step', symbol: 't', unit: 'steps', values: rows.map(({ step }) => step) },
          { key: 'layer', label: 'Layer of neurons', symbol: 'k', unit: '', values: rows.map(({ layer }) => layer) },
          { key: 'share', label: 'Neurons that spike', symbol: '', unit: 'fraction', values: rows.map(({ share }) => cellOf(share)) },
        ],
      },
      figure: {
        kind: 'heatmap',
        title: 'Neurons that spike, by layer and step',
        table: 'spikes',
        x: 'step',
        y: 'layer',
        value: 'share',
        xAxis: axis('Time step', 'steps'),
        yAxis: axis('Layer of neurons', ''),
        valueAxis: axis('Neurons that spike', 'fraction'),
      },
      summary: [
        { key: 'predicted', label: 'Class by the spikes', symbol: '', unit: '', value: final.indexOf(Math.max(...final)) },
        { key: 'analog', label: 'Class by the analog network', symbol: '', unit: '', value: predicted },
        { key: 'spikes', label: 'Spikes per neuron and step, mean over layers', symbol: '', unit: 'spikes', value: cellOf(spiking) },
      ],
      choice: sample.count,
      notes: [
        `Thresholds by Spike-Norm on ${Math.min(setting.calibrationImages, context.data.sizes.train)} training images in ${setting.calibrationSteps} steps.`,
      ],
    }
  },
})
