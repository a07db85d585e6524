import { engine, type Tensor } from '@tensorflow/tfjs-core'

/**
 * Value of `f` and its vector-Jacobian product with `cotangent`, by one evaluation on the tape.
 * Must not be called while another tape is being replayed (inside a `customGrad`'s gradient): tfjs has one active tape.
 * @param f a function of `xs`, which it closes over
 * @param cotangent of the shape of the value; absent: ones
 * @returns the gradient for each of `xs`, null where the value does not depend on it
 */
export function valueAndVjp(f: () => Tensor, xs: Tensor[], cotangent?: Tensor): { value: Tensor; gradients: (Tensor | null)[] } {
  const { value, grads } = engine().gradients(f, xs, cotangent, true)
  return { value, gradients: grads.map((gradient) => gradient ?? null) }
}

/** The vector-Jacobian product alone; the value is freed. */
export function vjp(f: () => Tensor, xs: Tensor[], cotangent?: Tensor): (Tensor | null)[] {
  const kept = new Set(xs)
  const { value, gradients } = valueAndVjp(f, xs, cotangent)
  if (!kept.has(value) && !gradients.includes(value) && value !== cotangent) value.dispose()
  return gradients
}
