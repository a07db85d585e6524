import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { floatsFromBase64 } from '../../src-main/contract/base64.js'
import { FlowSettingSchema, type FlowView } from '../../src-main/contract/instruments.js'
import { lookAt } from '../../src-main/lab/look.js'
import { spectrum } from '../../src-main/lab/diagnostics/spectrum.js'
import { lossAndGradients } from '../../src-main/numeric/loss-and-gradients.js'
import { modesOf } from '../../src-main/numeric/network.js'
import { stageSweep } from '../../src-main/numeric/pass.js'
import { weightSmoothness } from '../../src-main/numeric/regularizers/weight-smoothness.js'
import { integrateStored } from '../../src-main/numeric/reversible-sweep.js'
import { close, column, dataOf, run, setParameters, subjectOf } from './lab/support.js'
import { relative, tf } from './support.js'

type Matrix = number[][]
type Weights = { kernels: Matrix[]; biases: number[][]; W: Matrix; w0: number[] }
interface Golden {
  example1: { h: number; steps: number; kernels: Record<string, Matrix>; inputs: Matrix; states: Record<string, Matrix[]> }
  antisymmetric: {
    K: Matrix
    rows: {
      gamma: number
      omegaMax: number
      hCritical: number
      amplification_and_norm400: Record<string, [amplification: number, norm: number]>
    }[]
  }
  networks: {
    h: number
    gamma: number
    x: Matrix
    labels: number[]
    parameters: Weights
  } & Record<'euler' | 'antisymmetric' | 'verlet', { loss: number; logits: Matrix; states: Matrix[]; gradients: Weights; z?: Matrix }>
  prolongation: { coarse: Matrix; fine: Matrix; alpha: number; h: number; penalty_half_alpha_h_sum_sq_of_difference_quotients: number }
}
/** float64, each in two ways: n1_stable.py in the same folder. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/neighbours/n1_stable.json'), 'utf8')) as Golden

const subject = (arch: string, units: number, width: number, h: number, more = {}) =>
  subjectOf({
    arch,
    maps: 'dense',
    activation: 'tanh',
    classes: 2,
    image: { height: 1, width: 1, channels: width },
    stages: [{ channels: width, units }],
    h,
    ...more,
  })

test.each(['euler', 'antisymmetric', 'verlet'] as const)('the golden network of %s has its states, loss and gradients', (arch) => {
  const { h, gamma, x, labels, parameters } = golden.networks
  const wanted = golden.networks[arch]
  for (const mode of arch === 'verlet' ? (['stored', 'reversible'] as const) : (['stored'] as const)) {
    const of = subject(arch, 5, 3, h, { mode, ...(arch === 'antisymmetric' ? { damping: gamma } : {}) })
    const { network, state } = of
    expect(modesOf(network.dynamics)).toContain(mode)
    const named = ({ kernels, biases, W, w0 }: Weights): Record<string, number[] | Matrix> => ({
      ...Object.fromEntries(kernels.map((kernel, at) => [`stage1/unit${at + 1}/kernel`, kernel])),
      ...Object.fromEntries(biases.map((bias, at) => [`stage1/unit${at + 1}/bias`, bias])),
      'head/dense/kernel': W,
      'head/dense/bias': w0,
    })
    setParameters(of, named(parameters))
    const images = tf.tensor(x, [4, 3])
    tf.tidy(() => {
      const sweep = stageSweep({ network, params: state.params, statistics: {}, training: false, moved: new Map() }, network.stages[0]!)
      const perUnit = sweep.substeps.length / 5
      wanted.states.forEach((values, units) => {
        const pair = integrateStored(
          { ...sweep, substeps: sweep.substeps.slice(0, units * perUnit) },
          network.dynamics.open(images, network.config),
        )
        expect(relative(network.dynamics.close(pair), tf.tensor(values)), `state ${units}`).toBeLessThan(1e-5)
        // z of Verlet, the other half of the pair.
        if (wanted.z && units === 5) expect(relative(pair[0], tf.tensor(wanted.z))).toBeLessThan(1e-5)
      })
    })
    const batch = { images: tf.reshape(images, [4, 1, 1, 3]), labels: tf.tensor(labels, [4], 'int32') }
    const found = lossAndGradients({ network, params: state.params, statistics: {} }, batch, { mode })
    tf.tidy(() => {
      expect(found.crossEntropy.dataSync()[0]! / wanted.loss).toBeCloseTo(1, 5)
      expect(relative(found.logits, tf.tensor(wanted.logits))).toBeLessThan(1e-5)
      for (const [name, gradient] of Object.entries(named(wanted.gradients)))
        expect(relative(found.gradients[name]!, tf.tensor(gradient as number[])), `${name}, ${mode}`).toBeLessThan(1e-5)
    })
    tf.dispose([images, batch.images, batch.labels, found.logits, found.crossEntropy, ...Object.values(found.gradients)])
    close(of)
  }
})

test.each(['plus', 'minus', 'zero'])(
  'the moving plane of the lab carries the inputs of Example 1 through its golden states: %s',
  (name) => {
    const { h, steps, kernels, inputs, states } = golden.example1
    const of = { ...subject('euler', steps, 2, h, { mode: 'stored' }), data: dataOf(inputs) }
    const units = Array.from({ length: steps }, (_, at) => [`stage1/unit${at + 1}/kernel`, kernels[name]!] as const)
    setParameters(of, Object.fromEntries(units))
    const { network, config, state, data } = of
    const context = {
      network,
      config,
      params: state.params,
      statistics: {},
      population: null,
      step: 0,
      machine: { speed: null, memoryBytes: 2 ** 32 },
      data,
    }
    const view = lookAt(context, FlowSettingSchema.parse({ instrument: 'flow', points: 3, projection: 'coordinates' })) as FlowView
    const forward = floatsFromBase64(view.forward)
    expect(forward).toHaveLength(states[name]!.flat(2).length)
    states[name]!.flat(2).forEach((value, at) => expect(forward[at]).toBeCloseTo(value, 5))
    // A lattice in the plane moves with them.
    expect(floatsFromBase64(view.grid!.forward)).toHaveLength((steps + 1) * 2 * view.grid!.size ** 2)
    close(of)
  },
)

test.each(golden.antisymmetric.rows)(
  'Euler on a layer that is antisymmetric with damping $gamma is stable up to h = γ / (γ²/4 + ω²), as the spectrum of the lab says',
  async ({ gamma, omegaMax, hCritical, amplification_and_norm400: amplifications }) => {
    expect(Math.abs(hCritical - gamma / (gamma ** 2 / 4 + omegaMax ** 2))).toBeLessThan(1e-12)
    for (const [h, [amplification, norm]] of Object.entries(amplifications)) {
      const of = { ...subject('antisymmetric', 1, 4, Number(h), { mode: 'stored', damping: gamma }), data: dataOf([[0, 0, 0, 0]]) }
      setParameters(of, { 'stage1/unit1/kernel': golden.antisymmetric.K })
      const result = await run(spectrum, of, {})
      expect(column(result, 'units', 'growth')[0]! / amplification).toBeCloseTo(1, 6)
      expect(amplification ** 400 / norm).toBeCloseTo(1, 6)
      expect(Math.max(...column(result, 'eigenvalues', 'imaginary')) / Number(h)).toBeCloseTo(omegaMax, 5)
      for (const real of column(result, 'eigenvalues', 'real')) expect(real / Number(h)).toBeCloseTo(-gamma / 2, 5)
      expect(column(result, 'units', 'margin')[0]! >= 0).toBe(Number(h) < hCritical)
      close(of)
    }
  },
)

test('weight smoothness of the paper is that of the golden prolongation, and the same on both levels', () => {
  const { coarse, fine, alpha, h, penalty_half_alpha_h_sum_sq_of_difference_quotients: wanted } = golden.prolongation
  // Haber and Ruthotto halve the penalty, Chang et al. do not.
  const of = (weights: Matrix, step: number): number =>
    tf.tidy(
      () =>
        weightSmoothness
          .penalty(tf.tensor(weights), {
            ...subject('euler', 1, 2, step, { mode: 'stored' }).config,
            smoothness: alpha / 2,
            smoothnessForm: 'paper',
          })
          .dataSync()[0]!,
    )
  expect(of(coarse, h) / wanted).toBeCloseTo(1, 6)
  expect(of(fine, h / 2) / wanted).toBeCloseTo(1, 6)
})
