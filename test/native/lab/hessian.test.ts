import { expect, test } from 'vitest'
import { hessian } from '../../../src-main/lab/diagnostics/hessian.js'
import { findOptimizer } from '../../../src-main/numeric/optimizers.js'
import { tf } from '../support.js'
import { close, column, dataOf, run, said, setParameters, subjectOf } from './support.js'

const flat = (more = {}) =>
  subjectOf({
    arch: 'midpoint',
    maps: 'dense',
    image: { height: 1, width: 1, channels: 2 },
    classes: 2,
    stages: [{ channels: 2, units: 1 }],
    activation: 'identity',
    frozenStages: true,
    weightDecay: 0,
    smoothness: 0,
    learningRate: 0.2,
    ...more,
  })

test('of a linear classifier at 0 it is what the formula says, with the penalties', async () => {
  // Logits z = (Y[-1] or Y) W + b at W = 0: the Hessian is E[(x,1)(x,1)'] (x) (diag p - p p') with p = 1/2: its largest eigenvalue is half that of E[...].
  const points = [
    [1, 2],
    [-1, 0.5],
    [0.3, -0.7],
    [2, 1],
  ]
  for (const weightDecay of [0, 0.5]) {
    const subject = { ...flat({ weightDecay, stages: [{ channels: 2, units: 2 }], start: 'rest' }), data: dataOf(points) }
    setParameters(subject, {
      'head/dense/kernel': [
        [0, 0],
        [0, 0],
      ],
      'head/dense/bias': [0, 0],
    })
    const result = await run(hessian, subject, { images: 4, iterations: 6, eigenvalueTolerance: 0.001 })
    const rows = points.map(([a, b]) => [a!, b!, 1])
    const second = [0, 1, 2].map((i) => [0, 1, 2].map((j) => rows.reduce((sum, row) => sum + (row[i]! * row[j]!) / rows.length, 0)))
    let v = [1, 1, 1]
    // The kernel is decayed, the bias is not: the decay adds to the first two diagonal entries.
    const matrix = second.map((row, i) => row.map((value, j) => value / 2 + (i === j && i < 2 ? weightDecay : 0)))
    let value = 0
    for (let again = 0; again < 500; again++) {
      const next = matrix.map((row) => row.reduce((sum, entry, j) => sum + entry * v[j]!, 0))
      value = Math.hypot(...next)
      v = next.map((one) => one / value)
    }
    expect(Math.abs(said(result, 'sharpness') / value - 1)).toBeLessThan(2e-3)
    expect(said(result, 'rateTimesSharpness')).toBeCloseTo(0.2 * said(result, 'sharpness'), 6)
    expect(column(result, 'curvature', 'difference')[0]).toBeLessThan(5e-3)
    close(subject)
  }
})

test.each([
  ['sgd', 0.9, 3.8],
  ['sgd', 0, 2],
  ['nesterov', 0.9, 3.8 / 2.8],
] as const)('the limit of %s with momentum %d is where its steps on a quadratic begin to grow', (id, momentum, limit) => {
  const { stepLimit, update } = findOptimizer(id)
  expect(stepLimit!(momentum)).toBeCloseTo(limit, 12)
  for (const [factor, grows] of [
    [0.97, false],
    [1.03, true],
  ] as const) {
    tf.tidy(() => {
      let [weight, velocity] = [tf.scalar(1) as tf.Tensor, tf.scalar(0) as tf.Tensor]
      const options = { learningRate: tf.scalar(factor * limit), momentum, weightDecay: 0, update: tf.scalar(1) }
      for (let step = 0; step < 400; step++) {
        const next = update(weight, weight, [velocity], options)
        ;[weight, velocity] = [next.weight, next.slots[0]!]
      }
      const size = Math.abs(weight.dataSync()[0]!)
      // It may have overflowed by then.
      if (grows) expect(size <= 10).toBe(false)
      else expect(size).toBeLessThan(0.5)
    })
  }
})

test('no limit is drawn for Adam or with clipping, and norms are fixed', async () => {
  for (const [more, why] of [
    [{ optimizer: 'adam' }, /no known stability limit for adam/],
    [{ clipNorm: 1 }, /clipped/],
  ] as const) {
    const subject = subjectOf({ arch: 'hamiltonian', unitNorm: 'batch', activation: 'tanh', stages: [{ channels: 4, units: 2 }], ...more })
    const result = await run(hessian, subject, { images: 10, iterations: 12, eigenvalueTolerance: 0.1 })
    expect(result.summary.find(({ key }) => key === 'limit')?.value).toBeNull()
    expect(result.notes.some(({ text }) => why.test(text))).toBe(true)
    expect(said(result, 'sharpness')).toBeGreaterThan(0)
    close(subject)
  }
})

test('what does not converge is said', async () => {
  const subject = subjectOf({ arch: 'hamiltonian', activation: 'tanh', stages: [{ channels: 4, units: 1 }] })
  const result = await run(hessian, subject, { images: 4, iterations: 2, eigenvalueTolerance: 1e-6 })
  expect(result.tables).toEqual([])
  expect(result.notes).toContainEqual({ level: 'warning', text: expect.stringMatching(/did not converge in 2 products/) })
  close(subject)
})

test('at a kink no eigenvalue is given', async () => {
  // The second half of the channels is 0 and so are the biases: ReLU is at its kink, and the gradient of the bias jumps there.
  const subject = subjectOf({
    arch: 'hamiltonian',
    maps: 'dense',
    image: { height: 1, width: 1, channels: 2 },
    stages: [{ channels: 4, units: 2 }],
    h: 1,
  })
  const result = await run(hessian, subject, { images: 10, differenceStep: 0.001, eigenvalueTolerance: 0.1 })
  expect(result.summary.find(({ key }) => key === 'sharpness')?.value).toBeNull()
  expect(column(result, 'curvature', 'difference')[0]).toBeGreaterThan(0.1)
  expect(result.notes).toContainEqual({ level: 'warning', text: expect.stringMatching(/No eigenvalue is reported/) })
  close(subject)
})
