import { dispose, type Tensor } from '@tensorflow/tfjs-core'

/** Tensors by the names of the checkpoint format: 'stage1/unit1/kernel1', 'stem/bn/mean', ... */
export type Named = Record<string, Tensor>

/** What an integration carries on: two consecutive states, or a velocity and a state. A substep maps (previous, current) to (current, next). */
export type Pair = readonly [previous: Tensor, current: Tensor]

/** Frees the tensors of `old` that are not among `kept`: a step may hand a tensor on instead of copying it. */
export function release(old: Iterable<Tensor | null | undefined>, kept: Iterable<Tensor | null | undefined> = []): void {
  const keep = new Set(kept)
  for (const tensor of new Set(old)) if (tensor && !keep.has(tensor) && !tensor.isDisposed) dispose(tensor)
}

/** The entries of a record in a fixed order, so that lists of tensors can be named again. */
export function pick(named: Named, names: readonly string[]): Tensor[] {
  return names.map((name) => {
    const tensor = named[name]
    if (!tensor) throw new Error(`no tensor named ${name}`)
    return tensor
  })
}
