import { add, matMul, mul, neg, reshape, reverse, rsqrt, sub, tensor, transpose, type Tensor } from '@tensorflow/tfjs-core'
import type { AttrValue } from '../../engine/capture/graph-def.js'
import { FLOAT, INT32, type RecordedNode } from '../../engine/capture/recorded-graph.js'
import type { OnnxGraph } from './model.js'

/** A value of the recorded graph: a constant with its value, or, if it depends on the input, its name in the ONNX graph. */
type Value = { constant: Tensor; source: string | null } | { name: string; shape: number[] }

type Dynamic = Extract<Value, { name: string }>

/** The recorded graph uses an operation without a translation. */
export class Untranslatable extends Error {}

/** For images, TensorFlow's axes [batch, height, width, channels] become ONNX's [batch, channels, height, width]. */
const IMAGE_AXES = [0, 2, 3, 1] as const
const TO_IMAGE = [0, 3, 1, 2] as const

/**
 * Translates a recorded inference pass into ONNX: what depends only on weights is computed here, the rest becomes nodes. Images are NCHW,
 * as usual in ONNX; kernels are OIHW, and one kernel is shared by a convolution and its adjoint.
 * @param nodes as recorded, in order; the only placeholder is the input
 * @param weights the variables by the names of their handles
 * @throws Untranslatable naming the operation
 */
export class Translation {
  private readonly values = new Map<string, Value>()

  constructor(
    private readonly graph: OnnxGraph,
    private readonly weights: Readonly<Record<string, Tensor>>,
  ) {}

  /** Maps a recorded name to an input of the graph. @param shape as recorded */
  input(recorded: string, name: string, shape: number[]): void {
    this.values.set(recorded, { name, shape })
  }

  /** The name in the ONNX graph of a node's output. */
  nameOf(recorded: string): string {
    return this.named(this.value(recorded))
  }

  run(nodes: readonly RecordedNode[]): void {
    for (const node of nodes) if (!this.values.has(node.name)) this.translate(node)
  }

  private translate(node: RecordedNode): void {
    if (node.op === 'Const') return this.put(node, { constant: constantOf(node), source: null })
    if (node.op === 'ReadVariableOp') {
      const source = node.input[0]!
      return this.put(node, { constant: this.weights[source]!, source })
    }
    const inputs = node.input.map((input) => this.value(input))
    if (inputs.every((input) => 'constant' in input)) {
      const fold = FOLDS[node.op]
      if (!fold) throw new Untranslatable(`${node.op} of constants cannot be exported to ONNX`)
      const constants = inputs.map((input) => input.constant)
      return this.put(node, { constant: fold(constants, node.attr), source: null })
    }
    const rule = RULES[node.op]
    if (!rule) throw new Untranslatable(`${node.op} cannot be exported to ONNX`)
    const names = rule({ node, inputs, graph: this.graph, named: (value, how) => this.named(value, how) })
    names.forEach((name, at) => this.values.set(at === 0 ? node.name : `${node.name}:${at}`, { name, shape: node.shapes[at]! }))
  }

  private put({ name }: RecordedNode, value: Value): void {
    this.values.set(name, value)
  }

  private value(recorded: string): Value {
    const value = this.values.get(recorded)
    if (!value) throw new Untranslatable(`the recorded graph does not define ${recorded}`)
    return value
  }

  /** A value as an input of a node; constants become initializers in the layout that their use requires. */
  private named(
    value: Value,
    { form = (constant) => constant, as = '' }: { form?: (constant: Tensor) => Tensor; as?: string } = {},
  ): string {
    if ('name' in value) return value.name
    const formed = form(value.constant)
    const name = value.source === null ? `constant_${value.constant.id}${as}` : `${value.source}${as}`
    return this.graph.constant(name, formed.shape, formed.dataSync().slice() as Float32Array)
  }
}

function constantOf({ attr, name }: RecordedNode): Tensor {
  const value = attr['value']
  if (!value || !('tensor' in value)) throw new Untranslatable(`the constant ${name} has no value`)
  const { dtype, tensorShape, tensorContent } = value.tensor
  const bytes = tensorContent.slice().buffer
  const shape = tensorShape.dim.map(({ size }) => size)
  if (dtype === FLOAT) return tensor(new Float32Array(bytes), shape)
  if (dtype === INT32) return tensor(new Int32Array(bytes), shape, 'int32')
  throw new Untranslatable(`the constant ${name} has the type ${dtype}`)
}

/** Integers of a constant. */
function integers(value: Value | undefined): number[] {
  if (!value || !('constant' in value)) throw new Untranslatable('an operation whose shape depends on the input cannot be exported to ONNX')
  return [...value.constant.dataSync()]
}

/** The ONNX axis of a recorded one. */
const axisOf = (axis: number, rank: number): number => {
  const positive = axis < 0 ? axis + rank : axis
  return rank === 4 ? TO_IMAGE.indexOf(positive as 0 | 1 | 2 | 3) : positive
}

const list = (attr: AttrValue | undefined): number[] => (attr && 'list' in attr ? (attr.list.i ?? []) : [])
const text = (attr: AttrValue | undefined): string => (attr && 's' in attr ? new TextDecoder().decode(attr.s) : '')
const flag = (attr: AttrValue | undefined): boolean => attr !== undefined && 'b' in attr && attr.b

/** Operations that are folded if all of their inputs are constants. */
const FOLDS: Readonly<Record<string, (inputs: Tensor[], attr: RecordedNode['attr']) => Tensor>> = {
  Add: ([a, b]) => add(a!, b!),
  AddV2: ([a, b]) => add(a!, b!),
  Sub: ([a, b]) => sub(a!, b!),
  Mul: ([a, b]) => mul(a!, b!),
  Neg: ([a]) => neg(a!),
  Rsqrt: ([a]) => rsqrt(a!),
  Identity: ([a]) => a!,
  ReverseV2: ([a, axes]) => reverse(a!, [...axes!.dataSync()]),
  Transpose: ([a, axes]) => transpose(a!, [...axes!.dataSync()]),
  Reshape: ([a, shape]) => reshape(a!, [...shape!.dataSync()]),
  BatchMatMulV2: ([a, b], attr) => matMul(a!, b!, flag(attr['adj_x']), flag(attr['adj_y'])),
}

interface Use {
  node: RecordedNode
  inputs: Value[]
  graph: OnnxGraph
  named(value: Value, how?: { form?: (constant: Tensor) => Tensor; as?: string }): string
}

type Rule = (use: Use) => string[]

/** A constant that is broadcast against images: channels are the last axis in TensorFlow, and the third from last in ONNX. */
const besideImages = (constant: Tensor): Tensor => {
  if (constant.rank === 0) return constant
  if (constant.rank === 1) return reshape(constant, [constant.shape[0]!, 1, 1])
  if (constant.rank === 4) return transpose(constant, [...TO_IMAGE])
  throw new Untranslatable(`a constant of rank ${constant.rank} combined with images cannot be exported to ONNX`)
}

const elementwise =
  (op: string): Rule =>
  ({ inputs, graph, node, named }) =>
    graph.node(
      op,
      inputs.map((input) => (node.shapes[0]!.length === 4 ? named(input, { form: besideImages, as: '_channels' }) : named(input))),
    )

const unary =
  (op: string): Rule =>
  ({ inputs, graph, named }) =>
    graph.node(op, [named(inputs[0]!)])

/** HWIO to OIHW. */
const kernel = { form: (constant: Tensor): Tensor => transpose(constant, [3, 2, 0, 1]), as: '_oihw' }

/** TensorFlow's padding along one spatial axis: before and after. */
function padding(kind: string, size: number, window: number, stride: number): [number, number] {
  if (kind === 'VALID') return [0, 0]
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + window - size)
  return [Math.floor(total / 2), total - Math.floor(total / 2)]
}

/** Strides and pads, in ONNX's order, of a window over an NHWC image. */
function windowed(attr: RecordedNode['attr'], shape: readonly number[], window: readonly number[]): { strides: number[]; pads: number[] } {
  const strides = list(attr['strides']).slice(1, 3)
  const both = strides.map((stride, at) => padding(text(attr['padding']), shape[at + 1]!, window[at]!, stride))
  return { strides, pads: [...both.map(([before]) => before), ...both.map(([, after]) => after)] }
}

const dynamic = (value: Value | undefined): Dynamic => {
  if (!value || 'constant' in value) throw new Untranslatable('a constant where an image is expected cannot be exported to ONNX')
  return value
}

const shapeOfConstant = (value: Value | undefined): number[] => {
  if (!value || 'name' in value) throw new Untranslatable('a kernel that depends on the input cannot be exported to ONNX')
  return value.constant.shape
}

/** Translations of operations that depend on the input. */
const RULES: Readonly<Record<string, Rule>> = {
  Add: elementwise('Add'),
  AddV2: elementwise('Add'),
  Sub: elementwise('Sub'),
  Mul: elementwise('Mul'),
  RealDiv: elementwise('Div'),
  Neg: unary('Neg'),
  Relu: unary('Relu'),
  Tanh: unary('Tanh'),
  Sigmoid: unary('Sigmoid'),
  Identity: ({ inputs, named }) => [named(inputs[0]!)],
  // tfjs casts the result of a pool to the type that it already has.
  Cast: ({ inputs, node, named }) => {
    const { SrcT, DstT } = node.attr
    if (JSON.stringify(SrcT) !== JSON.stringify(DstT)) throw new Untranslatable('a cast between types cannot be exported to ONNX')
    return [named(inputs[0]!)]
  },
  ZerosLike: ({ inputs, graph, named }) => graph.node('ConstantOfShape', graph.node('Shape', [named(inputs[0]!)])),

  Conv2D: ({ inputs: [image, weight], graph, node, named }) => {
    const { shape } = dynamic(image)
    const window = shapeOfConstant(weight).slice(0, 2)
    return graph.node('Conv', [named(image!), named(weight!, kernel)], { kernel_shape: window, ...windowed(node.attr, shape, window) })
  },

  /** The adjoint of a convolution. ONNX's transposed convolution takes the kernel of the convolution of which it is the adjoint. */
  Conv2DBackpropInput: ({ inputs: [, weight, image], graph, node, named }) => {
    const window = shapeOfConstant(weight).slice(0, 2)
    const [of, to] = [dynamic(image).shape, node.shapes[0]!]
    const { strides, pads } = windowed(node.attr, to, window)
    const reached = strides.map((stride, at) => stride * (of[at + 1]! - 1) + window[at]! - pads[at]! - pads[at + 2]!)
    const missing = reached.map((size, at) => to[at + 1]! - size)
    return graph.node('ConvTranspose', [named(image!), named(weight!, kernel)], {
      kernel_shape: window,
      strides,
      pads,
      output_padding: missing,
    })
  },

  AvgPool: ({ inputs: [image], graph, node, named }) => {
    const window = list(node.attr['ksize']).slice(1, 3)
    return graph.node('AveragePool', [named(image!)], { kernel_shape: window, ...windowed(node.attr, dynamic(image).shape, window) })
  },

  PadV2: ({ inputs: [value, pads, filling], graph, node, named }) => {
    const rank = node.shapes[0]!.length
    const flat = integers(pads)
    const axes = rank === 4 ? TO_IMAGE : Array.from({ length: rank }, (_, at) => at)
    const ordered = [...axes.map((axis) => flat[2 * axis]!), ...axes.map((axis) => flat[2 * axis + 1]!)]
    return graph.node('Pad', [named(value!), graph.integers(...ordered), named(filling!)])
  },

  Mean: ({ inputs: [value, axes], graph, node, named }) => {
    const { shape } = dynamic(value)
    const keepdims = flag(node.attr['keep_dims']) ? 1 : 0
    return graph.node('ReduceMean', [named(value!)], { axes: integers(axes).map((axis) => axisOf(axis, shape.length)), keepdims })
  },

  BatchMatMulV2: ({ inputs: [a, b], graph, node, named }) => {
    if (flag(node.attr['adj_x'])) throw new Untranslatable('the transpose of what depends on the input cannot be exported to ONNX')
    const turned = flag(node.attr['adj_y']) ? { form: (constant: Tensor): Tensor => transpose(constant), as: '_transposed' } : {}
    if (flag(node.attr['adj_y']) && 'name' in b!)
      throw new Untranslatable('the transpose of what depends on the input cannot be exported to ONNX')
    return graph.node('MatMul', [named(a!), named(b!, turned)])
  },

  SplitV: ({ inputs: [value, sizes, axis], graph, node, named }) => {
    const rank = dynamic(value).shape.length
    const parts = integers(sizes)
    return graph.node('Split', [named(value!), graph.integers(...parts)], { axis: axisOf(integers(axis)[0]!, rank) }, node.shapes.length)
  },

  ConcatV2: ({ inputs, graph, node, named }) => {
    const axis = axisOf(integers(inputs.at(-1))[0]!, node.shapes[0]!.length)
    return graph.node('Concat', inputs.slice(0, -1).map((input) => named(input)), { axis }) // prettier-ignore
  },

  /** Only to vectors, with the first axis remaining the batch. */
  Reshape: ({ inputs: [value], graph, node, named }) => {
    const { shape } = dynamic(value)
    const to = node.shapes[0]!
    if (to.length !== 2 || to[0] !== shape[0]) throw new Untranslatable('a change of shape within an example cannot be exported to ONNX')
    const flat = shape.length === 4 ? graph.node('Transpose', [named(value!)], { perm: IMAGE_AXES })[0]! : named(value!)
    return graph.node('Reshape', [flat, graph.integers(0, -1)])
  },
}
