import { strings, string } from '../attributes.js'
import type { AttrValue } from '../graph-def.js'
import { FLOAT, INT32, type RecordedGraph, type RecordedNode } from '../recorded-graph.js'

const float = { T: { type: FLOAT } }

/** Small tensors that fusions derive from kernels and biases, each made once. */
export class DerivedKernels {
  private readonly made = new Map<string, string>()

  constructor(private readonly graph: RecordedGraph) {}

  /** factor * tensor, available to the node `user`. */
  scaled(tensor: string, factor: number, user: string): string {
    if (factor === 1) return tensor
    return this.once(`${tensor}*${factor}`, user, () => {
      const shape = this.graph.shape(tensor)!
      return this.graph.insert(user, 'Mul', [tensor, this.constant(user, [], Float32Array.of(factor))], float, shape)
    })
  }

  /** The kernel whose convolution (stride 1, 'same', odd size) is the adjoint of that of the given one. */
  adjoint(kernel: string, user: string): string {
    return this.once(`${kernel}'`, user, () => {
      const [height, width, inputs, outputs] = this.graph.shape(kernel)! as [number, number, number, number]
      const turned = this.graph.insert(
        user,
        'ReverseV2',
        [kernel, this.constant(user, [2], Int32Array.of(0, 1))],
        { ...float, Tidx: { type: INT32 } },
        [height, width, inputs, outputs],
      )
      const order = this.constant(user, [4], Int32Array.of(0, 1, 3, 2))
      return this.graph.insert(user, 'Transpose', [turned, order], { ...float, Tperm: { type: INT32 } }, [height, width, outputs, inputs])
    })
  }

  zeros(length: number, user: string): string {
    return this.constant(user, [length], new Float32Array(length))
  }

  private constant(user: string, shape: number[], values: Float32Array | Int32Array): string {
    const content = new Uint8Array(values.buffer)
    return this.once(`const[${shape}]${values.constructor.name}${content}`, user, () => {
      const dtype = values instanceof Float32Array ? FLOAT : INT32
      const tensor = { dtype, tensorShape: { dim: shape.map((size) => ({ size })) }, tensorContent: content }
      return this.graph.insert(user, 'Const', [], { dtype: { type: dtype }, value: { tensor } }, shape)
    })
  }

  private once(key: string, user: string, make: () => string): string {
    const before = this.made.get(key)
    if (before !== undefined && this.graph.isBefore(before, user)) return before
    const made = make()
    this.made.set(key, made)
    return made
  }
}

/** Attributes of `_FusedConv2D` with those of the convolution that it takes the place of. */
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

/** Convolution of stride 1 with an odd kernel, padding 'same' and float32: the kind whose adjoint is a convolution too. */
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
