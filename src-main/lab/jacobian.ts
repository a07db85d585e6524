import { tensor, tidy, tile, zerosLike, type Tensor } from '@tensorflow/tfjs-core'
import { valueAndVjp, vjp } from '../numeric/vjp.js'
import { square, type Square } from '../numeric/dense.js'
import { freeing } from './scope.js'

/** A function of a state whose Jacobian is needed. The examples of a batch must not affect each other. */
export type StateMap = (state: Tensor) => Tensor

const values = (x: Tensor): Float64Array => Float64Array.from(x.dataSync())

/** J' u of a map at a state, with one evaluation on the tape; u as numbers. */
export function transposedProduct(map: StateMap, state: Tensor, u: Float64Array, shape: number[] = state.shape): Float64Array {
  return freeing(() => {
    const [pulled] = vjp(() => map(state), [state], tensor(Float32Array.from(u), shape))
    return pulled ? values(pulled) : new Float64Array(state.size)
  })
}

/**
 * The tangent of a map: J v, as the vector-Jacobian product of u -> J' u, which is linear. The map's operations must have second
 * derivatives.
 * @param v in the shape of the state
 * @returns a tensor in the shape of the map's value, owned by the caller
 */
export function tangent(map: StateMap, state: Tensor, v: Tensor): Tensor {
  return tidy(() => {
    const u = zerosLike(map(state))
    const { gradients } = valueAndVjp(() => valueAndVjp(() => map(state), [state], u).gradients[0] ?? zerosLike(state), [u], v)
    return gradients[0] ?? zerosLike(u)
  })
}

/** J v of a map at a state; v as numbers. */
export function product(map: StateMap, state: Tensor, v: Float64Array): Float64Array {
  return freeing(() => values(tangent(map, state, tensor(Float32Array.from(v), state.shape))))
}

/** Maximum number of entries of a dense Jacobian per evaluation on the tape. */
const BLOCK = 2 ** 20

/**
 * The complete Jacobian of a map at one state: the state is repeated in a batch, once for each of its components, and each copy gets a
 * different unit cotangent.
 * @param state [1, ...]; the map preserves its size
 * @returns row i is the derivative of component i
 */
export function denseJacobian(map: StateMap, state: Tensor): Square {
  const { size, data } = square(state.size)
  const rows = Math.max(1, Math.min(size, Math.floor(BLOCK / size)))
  for (let from = 0; from < size; from += rows) {
    const count = Math.min(rows, size - from)
    const units = new Float32Array(count * size)
    for (let i = 0; i < count; i++) units[i * size + from + i] = 1
    tidy(() => {
      const many = tile(state, [count, ...state.shape.slice(1).map(() => 1)])
      const [pulled] = vjp(() => map(many), [many], tensor(units, many.shape))
      if (pulled) data.set(pulled.dataSync(), from * size)
    })
  }
  return { size, data }
}
