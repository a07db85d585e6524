import { add, engine, tidy, type Tensor } from '@tensorflow/tfjs-core'

/**
 * Value of `f` and its vector-Jacobian product with `cotangent`, with one evaluation on the tape. Must not be called while another tape is
 * being replayed (inside a `customGrad`'s gradient), because tfjs has only one active tape.
 * @param f a function of `xs`, which it closes over
 * @param cotangent in the shape of the value; absent: ones
 * @returns the gradient for each of `xs`, null if the value does not depend on it
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

/** A value whose vector-Jacobian product can be computed later. Holds what the tape saved until `pull`. */
export interface Linearised {
  value: Tensor
  /** The vector-Jacobian product, once; frees the saved tensors. */
  pull(cotangent: Tensor): (Tensor | null)[]
}

/** The part of a node of tfjs's tape that is used here. */
interface TapeNode {
  inputs: Record<string, Tensor>
  outputs: Tensor[]
  saved?: Tensor[]
  gradient?(dys: (Tensor | null)[]): Record<string, () => Tensor>
}

/** The recording part of tfjs's engine, which its types do not expose. */
interface TapeEngine {
  state: { activeTape: TapeNode[] | null }
  startTape(): void
  endTape(): void
}

/**
 * Value of `f`, with the tape of its evaluation kept for a later vector-Jacobian product: plain backpropagation for a part of a network.
 * tfjs's own gradient functions compute both at once.
 */
export function linearise(f: () => Tensor, xs: Tensor[]): Linearised {
  const tape: TapeNode[] = []
  const recording = engine() as unknown as TapeEngine
  recording.startTape()
  let value: Tensor
  try {
    value = tidy(f)
    tape.push(...(recording.state.activeTape ?? []))
  } finally {
    recording.endTape()
  }
  return {
    value,
    pull(cotangent) {
      const gradients = tidy(() => replay(tape, value.id, xs, cotangent) as Tensor[]) as (Tensor | null)[]
      for (const { saved } of tape.splice(0)) for (const tensor of saved ?? []) tensor.dispose()
      return gradients
    },
  }
}

function replay(tape: readonly TapeNode[], value: number, xs: readonly Tensor[], cotangent: Tensor): (Tensor | null)[] {
  const dependent = new Set(xs.map(({ id }) => id))
  const onPath = tape.filter(({ inputs, outputs }) => {
    if (!Object.values(inputs).some(({ id }) => dependent.has(id))) return false
    for (const { id } of outputs) dependent.add(id)
    return true
  })
  const gradients = new Map([[value, cotangent]])
  for (const { inputs, outputs, gradient } of onPath.reverse()) {
    if (!gradient || !outputs.some(({ id }) => gradients.has(id))) continue
    const pulled = gradient(outputs.map(({ id }) => gradients.get(id) ?? null))
    for (const [name, input] of Object.entries(inputs)) {
      if (!dependent.has(input.id) || !pulled[name]) continue
      const part = tidy(pulled[name])
      const sum = gradients.get(input.id)
      gradients.set(input.id, sum ? add(sum, part) : part)
    }
  }
  return xs.map(({ id }) => gradients.get(id) ?? null)
}
