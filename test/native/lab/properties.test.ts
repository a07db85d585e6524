import { expect, test } from 'vitest'
import { hessian } from '../../../src-main/lab/diagnostics/hessian.js'
import { suggest } from '../../../src-main/lab/diagnostics/lr-finder.js'
import { robustness } from '../../../src-main/lab/diagnostics/robustness.js'
import { weightsDepth } from '../../../src-main/lab/diagnostics/weights-depth.js'
import { randomFor } from '../../../src-main/numeric/random.js'
import { cells, close, column, dataOf, run, said, setParameters, subjectOf } from './support.js'

/** The stage is the identity, so that the logits are linear in the points. */
function linear(kernel: readonly (readonly number[])[], points: readonly (readonly number[])[]) {
  const subject = subjectOf({
    arch: 'midpoint',
    maps: 'dense',
    image: { height: 1, width: 1, channels: 2 },
    classes: 2,
    stages: [{ channels: 2, units: 2 }],
    activation: 'identity',
    start: 'rest',
    weightDecay: 0,
    smoothness: 0,
  })
  const zeros = [[0, 0], [0, 0]] // prettier-ignore
  setParameters(subject, {
    'stage1/unit1/kernel': zeros,
    'stage1/unit2/kernel': zeros,
    'head/dense/kernel': kernel,
    'head/dense/bias': [0, 0],
  })
  return { ...subject, data: dataOf(points) }
}

test('a gradient-sign step takes a point over the line where its margin is less than the strength times |w|_1', async () => {
  const w = [1, -0.5] as const
  const margins = [0.005, 0.02, 0.05, 0.1, 0.2, 0.5]
  // All of class 0, each at the distance given by its margin on its side of the line w x = 0.
  const points = margins.map((margin) => w.map((each) => (-margin * each) / 1.25))
  const subject = linear([[0, w[0]], [0, w[1]]], points) // prettier-ignore
  const result = await run(robustness, subject)
  const kinds = cells(result, 'accuracy', 'perturbation')
  const [strengths, accuracies] = [column(result, 'accuracy', 'strength'), column(result, 'accuracy', 'accuracy')]
  const own = kinds.flatMap((kind, at) => (kind === 'gradient sign' ? [at] : []))
  expect(own).toHaveLength(6)
  for (const at of own) {
    const right = margins.filter((margin) => margin > 1.5 * strengths[at]!).length
    expect(accuracies[at], `at ${strengths[at]}`).toBeCloseTo(right / margins.length, 12)
  }
  close(subject)
})

test('kernels times a factor have norms and changes times it, and the same relative changes', async () => {
  const random = randomFor(3, 'kernels of the property')
  const matrix = (): number[][] => [0, 1].map(() => [random.normal(), random.normal()])
  const kernels = { 'stage1/unit1/kernel': matrix(), 'stage1/unit2/kernel': matrix() }
  const measure = async (factor: number) => {
    const subject = linear([[0, 1], [0, 1]], [[1, 1]]) // prettier-ignore
    setParameters(
      subject,
      Object.fromEntries(Object.entries(kernels).map(([name, rows]) => [name, rows.map((row) => row.map((each) => factor * each))])),
    )
    const result = await run(weightsDepth, subject)
    close(subject)
    const own = cells(result, 'weights', 'role').flatMap((role, at) => (role === 'kernel' ? [at] : []))
    const of = (key: string): number[] => own.map((at) => column(result, 'weights', key)[at]!)
    return { norm: of('norm'), change: of('change')[0]!, relative: of('relative')[0]! }
  }
  const once = await measure(1)
  for (const factor of [-3, 0.01]) {
    const found = await measure(factor)
    found.norm.forEach((norm, at) => expect(norm / once.norm[at]!).toBeCloseTo(Math.abs(factor), 5))
    expect(found.change / once.change).toBeCloseTo(Math.abs(factor), 5)
    expect(found.relative).toBeCloseTo(once.relative, 5)
  }
})

test('the sharpness is that of the set of images, in whatever order they come', async () => {
  const random = randomFor(4, 'points of the property')
  const points = Array.from({ length: 6 }, () => [random.normal(), random.normal()])
  const kernel = [[random.normal(), random.normal()], [random.normal(), random.normal()]] // prettier-ignore
  const measure = async (given: number[][]): Promise<number> => {
    const subject = linear(kernel, given)
    const result = await run(hessian, subject, { images: 6, iterations: 12, eigenvalueTolerance: 0.001 })
    close(subject)
    return said(result, 'sharpness')
  }
  const found = await measure(points)
  expect(found).toBeGreaterThan(0)
  expect((await measure(points.toReversed())) / found).toBeCloseTo(1, 2)
})

test('a suggested learning rate does not depend on the unit of the loss, and goes with that of the rate', () => {
  const random = randomFor(5, 'ramps of the property')
  for (let round = 0; round < 30; round++) {
    const rates = Array.from({ length: 40 }, (_, at) => 10 ** (-4 + at / 10))
    const best = 5 + 25 * random.uniform()
    const losses = rates.map((_, at) => 1 + ((at - best) / 20) ** 2 + 0.02 * random.normal())
    const { suggested, least } = suggest({ rates, losses })
    expect(suggest({ rates, losses: losses.map((loss) => 8 * loss) })).toMatchObject({ suggested, least })
    const scaled = suggest({ rates: rates.map((rate) => 4 * rate), losses })
    expect(scaled.least).toBe(least === null ? null : 4 * least)
    // It is rounded to two digits.
    if (suggested === null) expect(scaled.suggested).toBeNull()
    else expect(Math.abs(scaled.suggested! / (4 * suggested) - 1)).toBeLessThan(0.1)
  }
})
