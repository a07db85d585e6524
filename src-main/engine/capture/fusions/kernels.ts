import { strings, string } from '../attributes.js'
import type { AttrValue } from '../graph-def.js'
import { FLOAT, INT32, type RecordedGraph, type RecordedNode } from '../recorded-graph.js'

const float = { T: { type: FLOAT } }

/**
 * Small tensors derived from kernels and biases by fusions, each created once. What is derived from a slice of a stack is derived from the
 * whole stack, because starting an operation on a kernel takes longer than computing it.
 */
export class DerivedKernels {
  private readonly made = new Map<string, string>()

  constructor(private readonly graph: RecordedGraph) {}

  /** factor * tensor, available to the node `user`. */
  scaled(tensor: string, factor: number, user: string): string {
    if (factor === 1) return tensor
    if (factor < 0 && this.graph.partOf(tensor)) {
      // Stacks are kept for the duration of the step, so a second one for the other sign is avoided.
      const positive = this.scaled(tensor, -factor, user)
      return this.once(`-${positive}`, user, () => this.graph.insert(user, 'Neg', [positive], float, this.graph.shape(tensor)!))
    }
    return this.ofStack(tensor, `*${factor}`, user, (whole, put) =>
      put('Mul', [whole, this.graph.constant([], Float32Array.of(factor))], float),
    )
  }

  /** The kernel whose convolution (stride 1, 'same', odd size) is the adjoint of that with the given kernel. */
  adjoint(kernel: string, user: string): string {
    return this.ofStack(kernel, "'", user, (whole, put) => {
      const rank = this.graph.shape(whole)!.length
      const axes = Int32Array.of(rank - 4, rank - 3)
      const turned = put('ReverseV2', [whole, this.graph.constant([2], axes)], { ...float, Tidx: { type: INT32 } })
      const order = Int32Array.from({ length: rank }, (_, axis) => (axis === rank - 2 ? rank - 1 : axis === rank - 1 ? rank - 2 : axis))
      return put('Transpose', [turned, this.graph.constant([rank], order)], { ...float, Tperm: { type: INT32 } }, order)
    })
  }

  /** The tensor that `make` derives from a tensor, or its slice of what is derived from the tensor's stack. */
  private ofStack(tensor: string, key: string, user: string, make: (whole: string, put: Put) => string): string {
    const part = this.graph.partOf(tensor)
    const put =
      (add: (node: Omit<RecordedNode, 'name'>) => string): Put =>
      (op, input, attr, order) => {
        const shape = this.graph.shape(input[0]!)!
        return add({ op, input, attr, shapes: [order ? Array.from(order, (axis) => shape[axis]!) : shape] })
      }
    if (!part)
      return this.once(`${tensor}${key}`, user, () =>
        make(
          tensor,
          put(({ op, input, attr, shapes }) => this.graph.insert(user, op, input, attr, shapes[0]!)),
        ),
      )
    const { node, whole, index } = part
    const derived = this.once(`${whole}${key}`, user, () => {
      const after = (content: Omit<RecordedNode, 'name'>): string => this.graph.insertAfter(node.name, content)
      const result = make(whole, put(after))
      const [count, ...shape] = this.graph.shape(result)! as [number, ...number[]]
      return after({ op: 'Unpack', input: [result], attr: node.attr, shapes: Array.from({ length: count }, () => shape) })
    })
    return index === 0 ? derived : `${derived}:${index}`
  }

  private once(key: string, user: string, make: () => string): string {
    const before = this.made.get(key)
    if (before !== undefined && this.graph.isBefore(before, user)) return before
    const made = make()
    this.made.set(key, made)
    return made
  }
}

/** Adds an operation to the graph; `order` is the order of its result's axes among those of its first operand. */
type Put = (op: string, input: string[], attr: Record<string, AttrValue>, order?: Int32Array) => string

/** Attributes of `_FusedConv2D`, including those of the convolution that it replaces. */
export function fusedConvolution(attr: Record<string, AttrValue>, operations: string[], args: number): Record<string, AttrValue> {
  const { strides = { list: { i: [1, 1, 1, 1] } }, dilations = { list: { i: [1, 1, 1, 1] } }, padding = string('SAME') } = attr
  return {
    ...float,
    TArgs: { list: { type: Array.from({ length: args }, () => FLOAT) } },
    num_args: { i: args },
    strides,
    dilations,
    padding,
    data_format: string('NHWC'),
    fused_ops: strings(...operations),
  }
}

/** A convolution with stride 1, an odd kernel, padding 'same' and float32, whose adjoint is a convolution too. */
export function isPlainConvolution(graph: RecordedGraph, node: RecordedNode): boolean {
  const text = (value: AttrValue | undefined): string => (value && 's' in value ? new TextDecoder().decode(value.s) : '')
  const ones = (value: AttrValue | undefined): boolean =>
    value === undefined || ('list' in value && (value.list.i ?? []).every((each) => Number(each) === 1))
  const kernel = graph.shape(node.input[1]!)
  const { T, padding, data_format: format, strides, dilations } = node.attr
  return (
    T !== undefined &&
    'type' in T &&
    T.type === FLOAT &&
    text(padding) === 'SAME' &&
    text(format) === 'NHWC' &&
    ones(strides) &&
    ones(dilations) &&
    kernel !== undefined &&
    kernel[0]! % 2 === 1 &&
    kernel[1]! % 2 === 1
  )
}

/** x and c of a product c * x with a constant number, or of -x. */
export function scaling(graph: RecordedGraph, node: RecordedNode): { tensor: string; factor: number } | null {
  if (node.op === 'Neg') return { tensor: node.input[0]!, factor: -1 }
  if (node.op !== 'Mul') return null
  const [a, b] = node.input as [string, string]
  for (const [tensor, number] of [
    [a, b],
    [b, a],
  ] as const) {
    const factor = graph.scalar(number)
    if (factor !== undefined && graph.scalar(tensor) === undefined) return { tensor, factor }
  }
  return null
}

export const sameShape = (a: number[] | undefined, b: number[] | undefined): boolean =>
  a !== undefined && b !== undefined && a.length === b.length && a.every((size, axis) => size === b[axis])
