import { add, dispose, tidy, type Tensor } from '@tensorflow/tfjs-core'

/** Tensors by the names of the checkpoint format: 'stage1/unit1/kernel1', 'stem/bn/mean', ... */
export type Named = Record<string, Tensor>

/** The state of an integration: two consecutive states, or a velocity and a state. A substep maps (previous, current) to (current, next). */
export type Pair = readonly [previous: Tensor, current: Tensor]

/** Frees the tensors of `old` that are not among `kept`, because a step may pass a tensor on instead of copying it. */
export function release(old: Iterable<Tensor | null | undefined>, kept: Iterable<Tensor | null | undefined> = []): void {
  const keep = new Set(kept)
  for (const tensor of new Set(old)) if (tensor && !keep.has(tensor) && !tensor.isDisposed) dispose(tensor)
}

/**
 * Adds a tensor to the sum with a name, creating the sum if necessary. Takes ownership of the tensor: it and the previous sum are freed.
 */
export function accumulate(sums: Named, name: string, part: Tensor): void {
  const before = sums[name]
  if (!before) return void (sums[name] = part)
  sums[name] = tidy(() => add(before, part))
  release([before, part])
}

/** The entries of a record in a fixed order, so that lists of tensors can be mapped back to names. */
export function pick(named: Named, names: readonly string[]): Tensor[] {
  return names.map((name) => {
    const tensor = named[name]
    if (!tensor) throw new Error(`no tensor named ${name}`)
    return tensor
  })
}

/** Replaces the tensor with that name, which is freed. */
export function replace(named: Named, name: string, value: Tensor): void {
  release([named[name]])
  named[name] = value
}
