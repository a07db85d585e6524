import { add, engine, tidy, type Tensor } from '@tensorflow/tfjs-core'

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

/** A value whose vector-Jacobian product can be taken later. Holds what the tape saved until `pull`. */
export interface Linearised {
  value: Tensor
  /** The vector-Jacobian product, once; frees what was held. */
  pull(cotangent: Tensor): (Tensor | null)[]
}

/** A node of tfjs's tape, as far as it is used here. */
interface TapeNode {
  inputs: Record<string, Tensor>
  outputs: Tensor[]
  saved?: Tensor[]
  gradient?(dys: (Tensor | null)[]): Record<string, () => Tensor>
}

/** The part of tfjs's engine that records; its types do not show it. */
interface TapeEngine {
  state: { activeTape: TapeNode[] | null }
  startTape(): void
  endTape(): void
}

/**
 * Value of `f`, with the tape of its evaluation kept for a later vector-Jacobian product: what plain backpropagation does for a whole
 * network, for a part of one. tfjs's own gradients take both at once.
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
