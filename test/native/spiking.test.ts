import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { identityWeights, spikeNorm, type Conversion, type Junction } from '../../src-main/numeric/spiking/convert.js'
import { constantTrain, poissonTrain, type Train } from '../../src-main/numeric/spiking/input.js'
import { Neurons, type Reset } from '../../src-main/numeric/spiking/neurons.js'
import { openNetwork, refuseConversion, type OpenNetwork } from '../../src-main/numeric/spiking/open-network.js'
import { analog, simulate } from '../../src-main/numeric/spiking/simulate.js'
import { infer } from '../../src-main/numeric/pass.js'
import { initialState } from '../../src-main/numeric/state.js'
import { FULL } from '../fixtures/slice.js'
import { disposeState, networkOf, normalTensor, relative, tf } from './support.js'

type Nested = number | readonly Nested[]
type Values = Record<'c0' | 'c1' | 'c2', Nested>
type Scales = Record<'c0' | 'c1' | 'c2', number>
interface Golden {
  neuron: { input: number; threshold: number; steps: number; softSpikes: number; hardSpikes: number; softPotentialLeft: number }[]
  network: {
    steps: number
    kernels_HWIO: Record<'c0' | 'c1' | 'c2' | 'd', Nested>
    image: Nested
    inputSpikes: string[]
    ann: Values & { logits: Nested }
    snn: Record<'soft' | 'hard', { spikeNorm: Scales; given: Scales; counts: Values; potentials: Values; summedOutput: Nested }>
  }
  convergence: {
    junction: 'balanced' | 'naive identity weight 1'
    reset: Reset
    steps: number
    relativeErrors: Scales & { logits: number }
  }[]
}
/** float64, from numpy and PyTorch: n4_spiking.py in the same folder. */
const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../fixtures/neighbours', name))
const golden = JSON.parse(fixture('n4_spiking.json').toString()) as Golden
const NAMES = ['c0', 'c1', 'c2'] as const
/**
 * Thresholds of Spike-Norm equal actual inputs, so that rounding decides about single spikes, each of which changes the error of a rate by
 * less than this.
 */
const TIES = 1e-3
const flat = (nested: Nested): number[] => (typeof nested === 'number' ? [nested] : nested.flatMap(flat))
const finish = <T>(work: Generator<unknown, T, void>): T => {
  let next = work.next()
  while (!next.done) next = work.next()
  return next.value
}
/** Frees what the test creates, and detects what the code leaks. */
function withoutLeaks<T>(work: () => T): T {
  const before = tf.memory().numTensors
  const result = work()
  expect(tf.memory().numTensors).toBe(before)
  return result
}

test.each(golden.neuron)('a neuron of input $input and threshold $threshold spikes as often as its closed form says', (row) => {
  withoutLeaks(() => {
    for (const reset of ['soft', 'hard'] as const) {
      const neurons = new Neurons([row.threshold], reset)
      const input = tf.tensor1d([row.input])
      for (let step = 0; step < row.steps; step++) neurons.fire(0, input).dispose()
      expect(neurons.counts[0]!.dataSync()[0]).toBe(reset === 'soft' ? row.softSpikes : row.hardSpikes)
      if (reset === 'soft') expect(neurons.potentials[0]!.dataSync()[0]).toBe(row.softPotentialLeft)
      input.dispose()
      neurons.dispose()
    }
  })
})

/** The network of the golden values: a convolution, pooling, a residual block, a matrix over all positions. */
function goldenNetwork(): { network: OpenNetwork; train: Train; dispose(): void } {
  const kernels = Object.fromEntries(
    Object.entries(golden.network.kernels_HWIO).map(([name, values]) => [name, tf.tensor(values as number[])]),
  )
  const conv = (x: tf.Tensor, name: string): tf.Tensor => tf.conv2d(x as tf.Tensor4D, kernels[name] as tf.Tensor4D, 1, 'same')
  const network: OpenNetwork = {
    layers: NAMES.map((name, layer) => ({ name, branch: layer === 1 })),
    pass: (x, activate, { identity = () => 1 } = {}) =>
      tf.tidy(() => {
        const pooled = tf.avgPool(activate(0, conv(x, 'c0')) as tf.Tensor4D, 2, 2, 'valid')
        const branch = conv(activate(1, conv(pooled, 'c1')), 'c2')
        const joined = activate(2, tf.add(tf.mul(pooled, identity(1)), branch))
        return tf.matMul(tf.reshape(joined, [joined.shape[0]!, -1]), kernels['d'] as tf.Tensor2D)
      }),
  }
  const trains = golden.network.inputSpikes.map((bits) => Float32Array.from(bits, Number))
  const train = () => {
    let step = 0
    return () => tf.tensor(trains[step++]!, [2, 4, 4, 2])
  }
  return { network, train, dispose: () => tf.dispose(kernels) }
}

const given = (thresholds: Scales, reset: 'soft' | 'hard'): Conversion => {
  let scale = 1
  const layers = NAMES.map((name) => ({ name, threshold: thresholds[name], scale: (scale *= thresholds[name]), silent: false }))
  return { layers, reset, junction: 'balanced', inputScale: 1 }
}

describe.each(['soft', 'hard'] as const)('the golden residual network with %s reset', (reset) => {
  const { spikeNorm: wanted, given: thresholds, counts, potentials, summedOutput } = golden.network.snn[reset]
  const { steps } = golden.network

  test('gets the golden thresholds', () => {
    withoutLeaks(() => {
      const { network, train, dispose } = goldenNetwork()
      const { layers } = finish(spikeNorm(network, [train], { steps, reset, junction: 'balanced', inputScale: 1 }))
      for (const { name, threshold } of layers) expect(Math.abs(threshold / wanted[name as keyof Scales] - 1)).toBeLessThan(1e-5)
      dispose()
    })
  })

  test('spikes as often as the golden one, neuron by neuron', () => {
    withoutLeaks(() => {
      const { network, train, dispose } = goldenNetwork()
      const conversion = given(thresholds, reset)
      for (const { step, neurons, output } of simulate(network, conversion, train, steps)) {
        if (step < steps) continue
        NAMES.forEach((name, layer) => {
          expect([...neurons.counts[layer]!.dataSync()]).toEqual(flat(counts[name]))
          const { scale, threshold } = conversion.layers[layer]!
          const left = [...neurons.potentials[layer]!.dataSync()].map((value) => (value * threshold) / scale)
          flat(potentials[name]).forEach((value, at) => expect(Math.abs(left[at]! - value)).toBeLessThan(1e-4))
        })
        const summed = [...output.dataSync()].map((value) => value / conversion.layers.at(-1)!.scale)
        flat(summedOutput).forEach((value, at) => expect(Math.abs(summed[at]! - value)).toBeLessThan(1e-4))
      }
      dispose()
    })
  })
})

/** The input spikes of the reference over 1,024 steps (draws.py). */
function longTrain(): Train {
  const bits = fixture('n4_spikes.bin')
  const values = 2 * 4 * 4 * 2
  return () => {
    let at = 0
    return () => {
      const spikes = Float32Array.from({ length: values }, (_, i) => (bits[(at + i) >> 3]! >> (7 - ((at + i) & 7))) & 1)
      at += values
      return tf.tensor(spikes, [2, 4, 4, 2])
    }
  }
}

/** |a - b| / |b| over all values. */
const distance = (a: tf.Tensor, b: tf.Tensor): number => tf.tidy(() => tf.norm(tf.sub(a, b)).dataSync()[0]! / tf.norm(b).dataSync()[0]!)

test.each(['balanced', 'naive identity weight 1'] as const)(
  'rates come as near to activations as the golden ones do: junction %s',
  (junction) => {
    withoutLeaks(() => {
      const { network, dispose } = goldenNetwork()
      const x = tf.tensor(golden.network.image as unknown as number[])
      const { activations, logits } = analog(network, x)
      const how = { steps: 512, reset: 'soft', junction: junction === 'balanced' ? 'balanced' : 'unit', inputScale: 1 } as const
      const conversion = finish(spikeNorm(network, [longTrain()], how))
      const last = FULL ? 1024 : 256
      for (const reset of ['soft', 'hard'] as const) {
        const wanted = golden.convergence.filter((row) => row.junction === junction && row.reset === reset && row.steps <= last)
        for (const { step, neurons, output } of simulate(network, { ...conversion, reset }, longTrain(), last)) {
          const errors = wanted.find(({ steps }) => steps === step)?.relativeErrors
          if (!errors) continue
          tf.tidy(() => {
            NAMES.forEach((name, layer) => {
              const rates = tf.mul(neurons.counts[layer]!, conversion.layers[layer]!.scale / step)
              expect(Math.abs(distance(rates, activations[layer]!) - errors[name]), `${reset}, ${name} at ${step}`).toBeLessThan(TIES)
            })
            expect(Math.abs(distance(tf.div(output, step), logits) - errors.logits), `${reset}, logits at ${step}`).toBeLessThan(TIES)
          })
        }
      }
      tf.dispose([x, logits, ...activations])
      dispose()
    })
  },
)

test('with ReLU in the place of neurons the open network is the golden analog one', () => {
  withoutLeaks(() => {
    const { network, dispose } = goldenNetwork()
    const x = tf.tensor(golden.network.image as unknown as number[])
    const { activations, logits } = analog(network, x)
    tf.tidy(() => {
      NAMES.forEach((name, layer) =>
        expect(relative(activations[layer]!, tf.tensor(golden.network.ann[name] as number[]))).toBeLessThan(1e-5),
      )
      expect(relative(logits, tf.tensor(golden.network.ann.logits as number[]))).toBeLessThan(1e-5)
    })
    tf.dispose([x, logits, ...activations])
    dispose()
  })
})

const stages = [
  { channels: 4, units: 2 },
  { channels: 6, units: 1 },
]
const networks = {
  spiking: { arch: 'spiking', edgeNorm: 'none', mode: 'stored', stages },
  vgg: { arch: 'vgg', edgeNorm: 'none', mode: 'stored', stages },
  'plain on vectors': { arch: 'plain', maps: 'dense', denseStem: true, mode: 'stored', stages: [{ channels: 16, units: 3 }] },
  'spiking on vectors': { arch: 'spiking', maps: 'dense', denseStem: true, mode: 'stored', stages: [{ channels: 16, units: 2 }] },
} as const

/** A network with initial weights and a biased head, with images for calibration and for evaluation. */
function subject(name: keyof typeof networks) {
  const network = networkOf({ ...networks[name], stages: [...networks[name].stages] })
  const state = initialState(network, { seed: 3, optimizer: 'sgd' })
  state.params['head/dense/bias']!.dispose()
  state.params['head/dense/bias'] = normalTensor([5], 'bias')
  const x = normalTensor([2, 8, 8, 3], 'images')
  const images = { values: x.dataSync<'float32'>(), shape: x.shape }
  return { network, state, x, images, open: openNetwork(network, state.params) }
}

describe.each(Object.keys(networks) as (keyof typeof networks)[])('a network of %s', (name) => {
  test('is itself with ReLU, and has the layers that it says', () => {
    withoutLeaks(() => {
      const { network, state, x, open } = subject(name)
      const { activations, logits } = analog(open, x)
      expect(refuseConversion(network)).toBeNull()
      expect(activations).toHaveLength(open.layers.length)
      const inferred = infer(network, state.params, state.statistics, x)
      expect([...logits.dataSync()]).toEqual([...inferred.dataSync()])
      tf.dispose([x, logits, inferred, ...activations])
      disposeState(state)
    })
  })

  test('is approached by its spiking one under a constant input', () => {
    withoutLeaks(() => {
      const { state, x, images, open } = subject(name)
      const train = constantTrain(images)
      const { activations, logits } = analog(open, x)
      const errors = (junction: Junction): Record<number, number> => {
        const conversion = finish(spikeNorm(open, [train], { steps: 20, reset: 'soft', junction, inputScale: 1 }))
        const found: Record<number, number> = {}
        for (const { step, output } of simulate(open, conversion, train, 240))
          if (step === 30 || step === 240) found[step] = tf.tidy(() => relative(tf.div(output, step), logits))
        return found
      }
      const { 30: early, 240: late } = errors('balanced')
      expect(late).toBeLessThan(0.08)
      expect(late).toBeLessThan(early! / 3)
      tf.dispose([x, logits, ...activations])
      disposeState(state)
    })
  })
})

test('an identity path of weight 1 makes another network of it, which the spiking one then approaches', () => {
  withoutLeaks(() => {
    const { state, x, images, open } = subject('spiking on vectors')
    const train = constantTrain(images)
    const conversion = finish(spikeNorm(open, [train], { steps: 20, reset: 'soft', junction: 'unit', inputScale: 1 }))
    const identity = identityWeights(
      conversion.layers.map(({ scale }) => scale),
      conversion,
    )
    const other = open.pass(x, (_layer, weighted) => tf.relu(weighted), { identity })!
    const { activations, logits } = analog(open, x)
    let found: { toOther: number; toNetwork: number } | null = null
    for (const { step, output } of simulate(open, conversion, train, 400)) {
      if (step < 400) continue
      const mean = tf.div(output, step)
      found = { toOther: relative(mean, other), toNetwork: relative(mean, logits) }
      mean.dispose()
    }
    expect(found!.toOther).toBeLessThan(0.02)
    expect(found!.toNetwork).toBeGreaterThan(3 * found!.toOther)
    tf.dispose([x, other, logits, ...activations])
    disposeState(state)
  })
})

test('equal thresholds are equal in front of every junction', () => {
  withoutLeaks(() => {
    const { state, x, images, open } = subject('spiking')
    const { layers } = finish(spikeNorm(open, [constantTrain(images)], { steps: 20, reset: 'soft', junction: 'equal', inputScale: 1 }))
    open.layers.forEach(({ branch }, at) => {
      if (branch) expect(layers[at]!.threshold).toBeCloseTo(layers[at - 1]!.threshold, 6)
    })
    x.dispose()
    disposeState(state)
  })
})

test('a soft reset loses nothing: potential and spikes add up to the input of every neuron', () => {
  withoutLeaks(() => {
    const input = normalTensor([50, 40], 'input')
    const neurons = new Neurons([0.75], 'soft')
    for (let step = 0; step < 50; step++) tf.tidy(() => void neurons.fire(0, tf.slice(input, [step, 0], [1, 40])))
    tf.tidy(() => {
      const sum = tf.sum(input, 0, true)
      expect(relative(tf.add(neurons.potentials[0]!, tf.mul(neurons.counts[0]!, 0.75)), sum)).toBeLessThan(1e-5)
    })
    neurons.dispose()
    input.dispose()
  })
})

test('Poisson spikes have the mean of their image, saturate beyond the scale, and depend on the index of the image alone', () => {
  withoutLeaks(() => {
    const values = Float32Array.from([0.5, -0.25, 0, 3, -1, 0.1])
    const how = { scale: 2, seed: 1, purpose: 'test', first: 4 }
    const all = poissonTrain({ values, shape: [2, 3] }, how)
    const second = poissonTrain({ values: values.slice(3), shape: [1, 3] }, { ...how, first: 5 })
    const mean = new Float64Array(6)
    const [next, nextOfSecond, again] = [all(), second(), all()]
    for (let step = 0; step < 4000; step++) {
      const [spikes, own, same] = [next, nextOfSecond, again].map((draw) => tf.tidy(() => [...draw().dataSync()])) as [
        number[],
        number[],
        number[],
      ]
      expect(spikes.slice(3)).toEqual(own)
      expect(spikes).toEqual(same)
      spikes.forEach((value, at) => (mean[at]! += value / 4000))
    }
    // Four standard errors of spikes with height 2.
    ;[0.5, -0.25, 0, 2, -1, 0.1].forEach((wanted, at) => expect(Math.abs(mean[at]! - wanted)).toBeLessThan(4 / Math.sqrt(4000)))
  })
})

test.each([
  [{ arch: 'hamiltonian', stages }, /Hamiltonian networks cannot be converted.*signed.*Spiking ResNet/],
  [{ arch: 'resnet', mode: 'stored', stages }, /ResNet networks cannot be converted.*signed/],
  [{ ...networks.spiking, edgeNorm: 'batch' }, /batch norm in its stem and head/],
  [{ ...networks.vgg, activation: 'tanh' }, /stand in for ReLU.*tanh/],
] as const)('%o is refused with a sentence', (config, sentence) => {
  expect(refuseConversion(networkOf({ ...config, stages: [...stages] }))).toMatch(sentence)
})
