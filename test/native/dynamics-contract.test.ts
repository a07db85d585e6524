import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { NetworkConfig } from '../../src-main/contract/config.js'
import { canBeUndone, type Dynamics, type UnitGeometry } from '../../src-main/numeric/dynamics.js'
import { stepCost } from '../../src-main/numeric/cost.js'
import { hamiltonian } from '../../src-main/numeric/dynamics/hamiltonian.js'
import { convolution } from '../../src-main/numeric/linear.js'
import { lossAndGradients, type LossAndGradients, type LossOptions } from '../../src-main/numeric/loss-and-gradients.js'
import { forceAndVjp, integrate, integrateStored, rebuild, undo } from '../../src-main/numeric/reversible-sweep.js'
import { modesOf, unitNormsOf } from '../../src-main/numeric/network.js'
import { defaultOptions } from '../../src-main/numeric/options.js'
import { reconstructionErrors } from '../../src-main/numeric/reconstruction.js'
import { stageSweep, type Pass } from '../../src-main/numeric/pass.js'
import { initialState } from '../../src-main/numeric/state.js'
import { registerDynamics, allDynamics } from '../../src-main/numeric/registry.js'
import { accumulate, pick, release } from '../../src-main/numeric/tensors.js'
import { valueAndVjp, vjp } from '../../src-main/numeric/vjp.js'
import { trackPeakBytes } from '../../src-main/training/tools/bench-step.js'
import { antisymmetricEuler } from './antisymmetric-euler.js'
import { sharedKernel, sharedKernelFused } from './shared-kernel.js'
import { disposeState, networkOf, normalTensor, relative, stageOf, tf } from './support.js'

for (const dynamics of [antisymmetricEuler, sharedKernel, sharedKernelFused]) registerDynamics(dynamics)

const WIDTH = 8
const oneStage = (dynamics: Dynamics, units: number, more: Partial<NetworkConfig> = {}) =>
  networkOf({
    arch: dynamics.id,
    stages: [{ channels: WIDTH, units }],
    h: 0.1,
    mode: modesOf(dynamics)[0]!,
    ...more,
  })

const unitGeometry: UnitGeometry = {
  inChannels: WIDTH,
  channels: WIDTH,
  linear: convolution,
  unitNorm: 'none',
  options: {},
  firstOfNetwork: true,
}

let tensorsBefore = 0
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors
})
const expectNoLeak = (): void => expect(tf.memory().numTensors).toBe(tensorsBefore)
afterAll(() => tf.disposeVariables())

/** The largest relative error of undoing a stage, against states stored in the forward pass. */
function trueReconstructionError(dynamics: Dynamics, units: number, h: number): { own: number; reported: number } {
  const network = oneStage(dynamics, units, { h, image: { height: 8, width: 8, channels: WIDTH } })
  const { state, pass, sweep } = stageOf(network)
  const x = normalTensor([4, 8, 8, WIDTH], 'images')
  const own = tf.tidy(() => {
    // The stage is entered through the stem, as in reconstructionErrors.
    const stemmed = tf.relu(normalisedStem(x, state.params))
    const forward = [dynamics.open(stemmed, network.config)]
    for (const substep of sweep.substeps) {
      const [previous, current] = forward.at(-1)!
      const { force } = forceAndVjp(sweep, substep, current, null)
      const { keep, blend, gain } = substep
      const pushed = force ? tf.mul(force, gain) : tf.zerosLike(current)
      const next = tf.add(tf.add(tf.mul(previous, keep), tf.mul(current, blend)), pushed)
      forward.push([current, next])
    }
    let pair = forward.at(-1)!
    let worst = 0
    for (let at = sweep.substeps.length - 1; at >= 0; at--) {
      pair = undo(sweep, sweep.substeps[at]!, pair)
      const index = sweep.substeps[at]!.keep === 0 ? 1 : 0
      const stored = forward[at]!
      const scale = Math.max(...stored.map((part) => tf.max(tf.abs(part)).dataSync()[0]!))
      worst = Math.max(worst, tf.max(tf.abs(tf.sub(pair[index], stored[index]))).dataSync()[0]! / scale)
    }
    return worst
  })
  const reported = tf.tidy(() => tf.max(reconstructionErrors(network, state.params, state.statistics, x)[0]!).dataSync()[0]!)
  release([...pass.moved.values(), x])
  disposeState(state)
  return { own, reported }
}

function normalisedStem(x: tf.Tensor, params: Record<string, tf.Tensor>): tf.Tensor {
  const convolved = tf.conv2d(x as tf.Tensor4D, params['stem/kernel'] as tf.Tensor4D, 1, 'same')
  const { mean, variance } = tf.moments(convolved, [0, 1, 2])
  return tf.div(tf.sub(convolved, mean), tf.sqrt(tf.add(variance, 1e-5)))
}

/** A stage's first pair in tensors of its own, which `integrate` may free. */
const ownPair = (open: () => readonly [tf.Tensor, tf.Tensor]): [tf.Tensor, tf.Tensor] =>
  tf.tidy(() => open().map((part) => tf.clone(part))) as never

/** Both are rounding errors of differently ordered sums, and agree only up to a factor. */
const expectClose = (reported: number, own: number): void => {
  expect(reported).toBeLessThan(4 * own + 2 ** -22)
  expect(own).toBeLessThan(4 * reported + 2 ** -22)
}

describe.each(allDynamics().map((dynamics) => [dynamics.id, dynamics] as const))('%s', (_, dynamics) => {
  const { reversible } = dynamics
  const options = defaultOptions(dynamics)

  test('its substeps lead back where it says that it is reversible, and nowhere else, at any step size', () => {
    for (const h of [0.01, 0.1, 1]) expect(canBeUndone(dynamics, dynamics.substeps(h, options)), `h = ${h}`).toBe(reversible)
  })

  test('close undoes open, for either start rule', () => {
    for (const start of ['zero', 'rest'] as const) {
      const x = normalTensor([2, 4, 4, WIDTH], 'x')
      expect(tf.tidy(() => relative(dynamics.close(dynamics.open(x, { start })), x))).toBe(0)
      x.dispose()
    }
    expectNoLeak()
  })

  test.runIf(reversible)('undoing a stage gives its states back, and the reported error is the true one', () => {
    for (const units of [1, 5, 20]) {
      const { own, reported } = trueReconstructionError(dynamics, units, 0.1)
      expect(own).toBeLessThan(2e-5)
      expectClose(reported, own)
    }
    expectNoLeak()
  })

  test.runIf(reversible)('outside the safe range the reported error is still the true one', () => {
    const { own, reported } = trueReconstructionError(dynamics, 40, 0.5)
    expect(Number.isFinite(own)).toBe(Number.isFinite(reported))
    if (Number.isFinite(own)) expectClose(reported, own)
    expectNoLeak()
  })

  test.runIf(reversible).each([
    ['relu', 4, 0],
    ['relu', 20, 0],
    ['tanh', 4, 0],
    ['tanh', 20, 0],
    ['relu', 4, 4],
    ['tanh', 6, 2],
  ] as const)('the gradient of the sweep is that of the tape (%s, %i units, %i of them kept)', (activation, units, kept) => {
    const network = oneStage(dynamics, units, { activation })
    const { state, pass, sweep } = stageOf(network)
    const { close, open } = dynamics
    const x = normalTensor([4, 8, 8, WIDTH], 'x')
    const cotangent = normalTensor([4, 8, 8, WIDTH], 'cotangent')
    const names = network.parameters.filter(({ inStage }) => inStage).map(({ name }) => name)

    const swept: Record<string, tf.Tensor> = {}
    const start = ownPair(() => open(x, network.config))
    const integrated = integrate(sweep, start, new Set(), (kept * sweep.substeps.length) / units)
    const ofEnd = vjp(() => close(integrated.end), [...integrated.end], cotangent)
    const { first, cotangents } = rebuild(
      sweep,
      integrated,
      [ofEnd[0]!, ofEnd[1]!].map((part) => part && tf.clone(part)) as never,
      (name, gradient) => accumulate(swept, name, gradient),
    )
    // A pass of its own, because each evaluation updates running statistics.
    const tapedPass: Pass = { ...pass, moved: new Map() }
    const taped = valueAndVjp(
      () => close(integrateStored(stageSweep(tapedPass, network.stages[0]!), open(x, network.config))),
      [x, ...pick(state.params, names)],
      cotangent,
    )
    // 1e-5 for steps of h = 0.1 (2h in the midpoint rule); a scheme without h has steps of 1, and proportional rounding errors.
    const tolerance = 1e-5 * Math.max(1, ...dynamics.substeps(0.1, options).map(({ gain }) => Math.abs(gain) / 0.2))
    names.forEach((name, at) => expect.soft(relative(swept[name]!, taped.gradients[at + 1]!), name).toBeLessThan(tolerance))
    const ofStart = tf.tidy(() => {
      const parts = cotangents.flatMap((part, at) => (part ? vjp(() => open(x, network.config)[at]!, [x], part) : []))
      return tf.addN(parts.filter((part) => part !== null))
    })
    expect.soft(relative(ofStart, taped.gradients[0]!), 'cotangent of the input').toBeLessThan(tolerance)
    tf.dispose([x, cotangent, ofStart, taped.value, ...Object.values(swept), ...(taped.gradients as tf.Tensor[])])
    release([...first, ...cotangents, ...ofEnd, ...pass.moved.values(), ...tapedPass.moved.values()])
    disposeState(state)
    expectNoLeak()
  })

  test.runIf(reversible).each([
    ['rebuilt', {}],
    ['anchored', { anchorEvery: 1 }],
    ['kept in part', { keptUnits: [2, 1] }],
  ] as [string, Partial<LossOptions>][])('the gradients of a whole network, %s, are those of stored backpropagation', (_, more) => {
    for (const unitNorm of unitNormsOf(dynamics)) {
      const network = networkOf({
        arch: dynamics.id,
        activation: 'tanh',
        unitNorm,
        stages: [
          { channels: 8, units: 3 },
          { channels: 12, units: 2 },
        ],
      })
      const state = initialState(network, { seed: 1, optimizer: 'sgd' })
      const batch = { images: normalTensor([4, 8, 8, 3], 'images'), labels: tf.tensor([0, 1, 2, 3], [4], 'int32') }
      const [stored, reversed] = (['stored', 'reversible'] as const).map((mode) =>
        lossAndGradients({ network, params: state.params, statistics: state.statistics }, batch, { mode, ...more }),
      ) as [LossAndGradients, LossAndGradients]
      // Normalised units start with a step of 1, and therefore have proportional rounding errors.
      const gains = dynamics.substeps(unitNorm === 'batch' ? 1 : 0.1, options).map(({ gain }) => Math.abs(gain) / 0.2)
      const tolerance = 1e-5 * Math.max(1, ...gains)
      for (const [name, { shape }] of Object.entries(stored.gradients)) {
        expect.soft(reversed.gradients[name]!.shape, name).toEqual(shape)
        expect.soft(relative(reversed.gradients[name]!, stored.gradients[name]!), `${name}, ${unitNorm}`).toBeLessThan(tolerance)
      }
      for (const [name, moved] of Object.entries(stored.statistics))
        expect.soft(relative(reversed.statistics[name]!, moved), name).toBeLessThan(1e-5)
      for (const { logits, crossEntropy, gradients, statistics } of [stored, reversed])
        tf.dispose([logits, crossEntropy, ...Object.values(gradients), ...Object.values(statistics)])
      tf.dispose([batch.images, batch.labels])
      disposeState(state)
    }
    expectNoLeak()
  })

  const smooth = !Object.keys(dynamics.parameters(unitGeometry)).some((name) => name.endsWith('gamma'))
  test.runIf(smooth)('the tape gradient of a tanh stage is that of central differences', () => {
    const network = oneStage(dynamics, 3, { activation: 'tanh', stages: [{ channels: WIDTH, units: 3 }] })
    const { state, pass, sweep } = stageOf(network)
    const x = normalTensor([2, 4, 4, WIDTH], 'x')
    const weight = normalTensor([2, 4, 4, WIDTH], 'weight')
    const names = network.parameters.filter(({ inStage }) => inStage).map(({ name }) => name)
    const value = (params: Record<string, tf.Tensor>): tf.Tensor =>
      tf.sum(tf.mul(weight, dynamics.close(integrateStored({ ...sweep, params }, dynamics.open(x, { start: 'rest' })))))
    const { value: loss, gradients } = valueAndVjp(() => value(state.params), pick(state.params, names))
    for (let direction = 0; direction < 5; direction++) {
      const steps = names.map((name) => normalTensor(state.params[name]!.shape, `direction${direction}/${name}`))
      const analytic = tf.tidy(() => gradients.reduce((sum, gradient, at) => sum + tf.sum(tf.mul(gradient!, steps[at]!)).dataSync()[0]!, 0))
      const difference = (epsilon: number): number =>
        tf.tidy(() => {
          const at = (sign: number): number =>
            value(
              Object.fromEntries(names.map((name, i) => [name, tf.add(state.params[name]!, tf.mul(steps[i]!, sign * epsilon))])),
            ).dataSync()[0]!
          return (at(1) - at(-1)) / (2 * epsilon)
        })
      // Richardson extrapolation: the error of order epsilon^2 cancels.
      const epsilon = 5e-3
      const numeric = (4 * difference(epsilon / 2) - difference(epsilon)) / 3
      expect(Math.abs(numeric - analytic) / Math.max(Math.abs(analytic), 1)).toBeLessThan(5e-3)
      tf.dispose(steps)
    }
    release([...pass.moved.values()])
    tf.dispose([loss, x, weight, ...(gradients as tf.Tensor[])])
    disposeState(state)
    expectNoLeak()
  })

  test.runIf(dynamics.forceAndVjp !== undefined)('the fused gradient is that of the tape', () => {
    const network = oneStage(dynamics, 1)
    const { state, pass, sweep } = stageOf(network)
    for (const substep of sweep.substeps) {
      const x = normalTensor([3, 4, 4, WIDTH / dynamics.channelMultiple], 'x')
      const cotangent = normalTensor(x.shape, 'cotangent')
      const fused = forceAndVjp(sweep, substep, x, cotangent)
      const taped = forceAndVjp(
        { ...sweep, dynamics: { ...dynamics, forceAndVjp: undefined } as unknown as Dynamics },
        substep,
        x,
        cotangent,
      )
      expect(relative(fused.force!, taped.force!)).toBeLessThan(1e-6)
      expect(relative(fused.state!, taped.state!)).toBeLessThan(1e-5)
      for (const [name, gradient] of Object.entries(taped.params)) expect(relative(fused.params[name]!, gradient)).toBeLessThan(1e-5)
      for (const { force, state: ofState, params } of [fused, taped]) tf.dispose([force!, ofState!, ...Object.values(params)])
      tf.dispose([x, cotangent])
    }
    release([...pass.moved.values()])
    disposeState(state)
    expectNoLeak()
  })

  test('the same step twice gives the same bits, and a batch of one works', () => {
    const network = oneStage(dynamics, 2)
    for (const size of [1, 4]) {
      const run = (): Float32Array[] => {
        const { state } = stageOf(network)
        const batch = {
          images: normalTensor([size, 8, 8, 3], 'images'),
          labels: tf.tensor(
            Array.from({ length: size }, (_, i) => i),
            [size],
            'int32',
          ),
        }
        const result = lossAndGradients({ network, params: state.params, statistics: state.statistics }, batch, {
          mode: network.config.mode,
        })
        const bits = [result.crossEntropy, ...Object.values(result.gradients)].map((tensor) => tensor.dataSync().slice() as Float32Array)
        tf.dispose([
          result.logits,
          result.crossEntropy,
          ...Object.values(result.gradients),
          ...Object.values(result.statistics),
          batch.images,
          batch.labels,
        ])
        disposeState(state)
        return bits
      }
      const first = run()
      expect(first.flatMap((array) => [...array]).every(Number.isFinite)).toBe(true)
      expect(run()).toEqual(first)
    }
    expectNoLeak()
  })

  test.runIf(reversible)('activations of a gradient do not grow with the units', () => {
    const peak = (units: number): number => {
      const network = networkOf({
        arch: dynamics.id,
        stages: [{ channels: 16, units }],
        h: 0.02,
        image: { height: 16, width: 16, channels: 3 },
      })
      const { state } = stageOf(network)
      const parameterBytes = network.parameters.reduce((sum, { name }) => sum + state.params[name]!.size * 4, 0)
      const batch = { images: normalTensor([8, 32, 32, 3], 'images'), labels: tf.zeros([8], 'int32') }
      const begin = tf.memory().numBytes
      const tracker = trackPeakBytes()
      const result = lossAndGradients({ network, params: state.params, statistics: state.statistics }, batch, { mode: 'reversible' })
      const bytes = tracker.stop() - begin - parameterBytes
      tf.dispose([
        result.logits,
        result.crossEntropy,
        ...Object.values(result.gradients),
        ...Object.values(result.statistics),
        batch.images,
        batch.labels,
      ])
      disposeState(state)
      return bytes
    }
    const [few, many] = [peak(4), peak(32)]
    expect(Math.abs(many / few - 1)).toBeLessThan(0.05)
    expectNoLeak()
  })
})

test('integrating frees every state but the last pair', () => {
  const network = networkOf({ arch: 'hamiltonian', stages: [{ channels: WIDTH, units: 6 }] })
  const { state, pass, sweep } = stageOf(network)
  const x = normalTensor([2, 4, 4, WIDTH], 'x')
  const { end } = integrate(sweep, tf.tidy(() => [...network.dynamics.open(x, network.config)]) as unknown as [tf.Tensor, tf.Tensor])
  release([...end, x, ...pass.moved.values()])
  disposeState(state)
  expectNoLeak()
})

test('a parameter that is used twice costs two evaluations', () => {
  expect(stepCost(oneStage(sharedKernel, 2), 4)).toEqual(stepCost(oneStage(hamiltonian, 2), 4))
})
