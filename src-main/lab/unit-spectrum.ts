import { coupledForm, forcesOf, layerForm, skewForm, symmetricForm, transposedJacobian, type LayerForm, type PlacedForce } from './forms.js'
import type { VisitedUnit } from './frozen.js'
import { integratorOf, type Integrator } from './integrator.js'
import { denseJacobian } from './jacobian.js'
import { square, symmetricEigen, type Square } from '../numeric/dense.js'
import { eigenvalues, modulus, NotConverged, type Complex } from './math/eigenvalues.js'
import { arnoldi, golubKahan, lanczos, type KrylovOptions, type Operator } from './math/krylov.js'

/** Up to this size, maps are converted to dense matrices. */
const DENSE = 128

/** Eigenvalues of the frozen dynamics of one unit, times the step size. */
export interface UnitSpectrum {
  /** The form of the matrix that was used. */
  form: string
  z: Complex[]
  iterations: number
  /** Null if the matrix is dense. */
  residual: number | null
  converged: boolean
}

/** The dense matrix of an operator, column by column. */
function wholeMatrix({ size, apply }: Operator): Square {
  const matrix = square(size)
  for (let j = 0; j < size; j++) {
    const unit = new Float64Array(size)
    unit[j] = 1
    apply(unit).forEach((value, i) => (matrix.data[i * size + j] = value))
  }
  return matrix
}

/** Squares of frequencies occur twice each; each pair corresponds to one pair of eigenvalues on the axis. */
function onAxis(values: readonly number[], doubled: boolean): Complex[] {
  const sorted = [...values].sort((a, b) => b - a)
  const single = doubled ? sorted.filter((_, at) => at % 2 === 0) : sorted
  return single.flatMap((value, at) => {
    const im = Math.sqrt(Math.max(0, value))
    const alone = doubled && sorted.length % 2 === 1 && at === single.length - 1
    return alone
      ? [{ re: 0, im: 0 }]
      : [
          { re: 0, im },
          { re: 0, im: -im },
        ]
  })
}

const realValue = (re: number): Complex => ({ re: Math.max(0, re), im: 0 })

type Symmetric = { form: string; operator: Operator; toEigenvalues(values: readonly number[], doubled: boolean): Complex[] }

function ofSymmetric(way: Symmetric, integrator: Integrator, options: KrylovOptions): UnitSpectrum {
  const { form, operator, toEigenvalues } = way
  if (operator.size <= DENSE) {
    const { values } = symmetricEigen(wholeMatrix(operator))
    return {
      form: `${form}, dense`,
      z: toEigenvalues([...values], true).flatMap(integrator.steps),
      iterations: 0,
      residual: null,
      converged: true,
    }
  }
  const { found, converged, iterations } = lanczos(operator, options)
  const values = found.map(({ value }) => value).filter((value) => value > 0)
  const residual = found[0] ? found[0].residual / Math.max(found[0].value, Number.MIN_VALUE) : null
  return { form: `${form}, Lanczos`, z: toEigenvalues(values, false).flatMap(integrator.steps), iterations, residual, converged }
}

function ofCoupled(first: LayerForm, second: LayerForm, integrator: Integrator, options: KrylovOptions): UnitSpectrum {
  const map = coupledForm(first, second)
  const form = 'singular values of D₁^½ K₁ K₂ᵀ D₂^½'
  if (map.rows <= DENSE) {
    const { values } = symmetricEigen(wholeMatrix({ size: map.rows, apply: (v) => map.apply(map.adjoint(v)) }))
    return {
      form: `${form}, dense`,
      z: [...values].map(realValue).flatMap(integrator.steps),
      iterations: 0,
      residual: null,
      converged: true,
    }
  }
  const { found, converged, iterations } = golubKahan(map, options)
  const residual = found[0] ? found[0].residual / Math.max(found[0].value, Number.MIN_VALUE) : null
  return {
    form: `${form}, Golub-Kahan`,
    z: found.flatMap(({ value }) => integrator.steps(realValue(value * value))),
    iterations: 2 * iterations,
    residual,
    converged,
  }
}

function ofJacobian(forces: readonly PlacedForce[], integrator: Integrator, options: KrylovOptions): UnitSpectrum {
  const form = forces.length === 2 ? 'eigenvalues of J₁ J₂' : 'eigenvalues of J'
  const [first, second] = forces as [PlacedForce, PlacedForce?]
  const size = first.state.size
  if (size <= DENSE) {
    const one = denseJacobian(first.map, first.state)
    const matrix = second ? matrixProduct(one, denseJacobian(second.map, second.state)) : one
    return {
      form: `${form}, dense`,
      z: eigenvalues(matrix).flatMap(integrator.steps),
      iterations: 0,
      residual: null,
      converged: true,
    }
  }
  const [outer, inner] = [transposedJacobian(first), second && transposedJacobian(second)]
  // (J1 J2)' = J2' J1'.
  const operator: Operator = { size, apply: (v) => (inner ? inner.apply(outer.apply(v)) : outer.apply(v)) }
  const { found, converged, iterations } = arnoldi(operator, options)
  const residual = found[0] ? found[0].residual / Math.max(modulus(found[0].value), Number.MIN_VALUE) : null
  return {
    form: `${form}, Arnoldi`,
    z: found.flatMap(({ value }) => integrator.steps(value)),
    iterations: iterations * forces.length,
    residual,
    converged,
  }
}

function matrixProduct(a: Square, b: Square): Square {
  const n = a.size
  const c = square(n)
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const factor = a.data[i * n + k]!
      if (factor !== 0) for (let j = 0; j < n; j++) c.data[i * n + j] = c.data[i * n + j]! + factor * b.data[k * n + j]!
    }
  return c
}

/** Eigenvalues of the frozen dynamics of one unit, using the most specific form that applies. */
export function unitSpectrum(unit: Pick<VisitedUnit, 'sweep' | 'substeps' | 'pair'>, options: KrylovOptions): UnitSpectrum {
  try {
    return spectrumOf(unit, options)
  } catch (error) {
    if (!(error instanceof NotConverged)) throw error
    return { form: 'not found', z: [], iterations: options.iterations, residual: null, converged: false }
  }
}

function spectrumOf(unit: Pick<VisitedUnit, 'sweep' | 'substeps' | 'pair'>, options: KrylovOptions): UnitSpectrum {
  const integrator = integratorOf(unit.substeps)!
  const forces = forcesOf(unit)
  const layers = forces.map((force) => layerForm(unit.sweep, force))
  const { forceForm } = unit.sweep.dynamics
  if (layers.some((layer) => layer === null)) return ofJacobian(forces, integrator, options)
  const [first, second] = layers as [LayerForm, LayerForm?]
  if (second) return forceForm === 'symmetric' ? ofCoupled(first, second, integrator, options) : ofJacobian(forces, integrator, options)
  if (forceForm === 'skew')
    return ofSymmetric({ form: 'skew D^½ (K - Kᵀ) D^½', operator: skewForm(first), toEigenvalues: onAxis }, integrator, options)
  const operator = symmetricForm(first, forces[0]!.state)
  return ofSymmetric({ form: 'symmetric Kᵀ D K', operator, toEigenvalues: (values) => values.map(realValue) }, integrator, options)
}
