import type { Tensor, TypedArray } from '@tensorflow/tfjs-core'
import { attrValue } from './attributes.js'
import type { Binding, CapturableBackend, OpAttribute, TensorMetadata } from './binding.js'
import { CaptureError } from './capture-error.js'
import { Constants, type ConstantValue } from './constants.js'
import type { AttrValue } from './graph-def.js'
import type { RecordedNode } from './recorded-graph.js'

/** Operations whose output shape depends on values. */
const SHAPED_BY_VALUES = /^(Where|Unique|UniqueV2|UniqueWithCounts|NonMaxSuppression|BooleanMask|SparseFillEmptyRows|ListDiff)/

/** A node that exists only in graphs, for `Recorder.replace`. */
export interface GraphNode {
  op: string
  attributes: Record<string, AttrValue>
  /** Tensors, or names of outputs of earlier nodes. */
  inputs: readonly (Tensor | string)[]
}

/** A variable of the session: a single one, or several of equal shape as a stack. */
export interface StoredVariable {
  name: string
  /** The node of its handle. */
  handle: string
  /** Names of the stacked variables, in order; null for a single one. */
  parts: string[] | null
  shape: number[]
  dtype: Tensor['dtype']
}

const recorders = new WeakMap<CapturableBackend, Recorder>()

/** The active recorder of this back end, null outside a capture. */
export const recorderOf = (backend: unknown): Recorder | null => recorders.get(backend as CapturableBackend) ?? null

/**
 * Records the operations of a function on tfjs-node's back end as nodes of a TensorFlow graph, while it runs as usual.
 *
 * Every node waits for the previous one: the graph executes in the recorded order, keeps no result longer than the recorded run did, and
 * TensorFlow's graph optimizer, which does not merge nodes with such dependencies, leaves the arithmetic unchanged.
 */
export class Recorder {
  private readonly names = new Map<number, string>()
  /** Values of tensors created while recording, for constants; by the binding's id. */
  private readonly made = new Map<number, ConstantValue>()
  private readonly constants: Constants
  private readonly reads = new Map<number, { variable: StoredVariable; part: number }>()
  /** Name of the value of each variable that was read, by its handle. */
  private readonly values = new Map<string, string>()
  /** Arrays that were unstacked along their first axis: the array and the number of slices, by the name of the node. */
  private readonly apart = new Map<string, { whole: string; count: number }>()
  /** The operation that a name came from, for messages. */
  private readonly ops = new Map<string, string>()
  /** Statistics of norms, by the name of their gamma. */
  private readonly remembered = new Map<string, readonly string[] | null>()
  private readonly binding: Binding
  private count = 0
  /** The recorded nodes, in order. */
  readonly nodes: RecordedNode[] = []

  /** @param prefix prefix of the node names */
  constructor(
    private readonly backend: CapturableBackend,
    private readonly prefix: string,
    /** Whether kernels may record fused operations instead of composed ones. */
    readonly fused = false,
  ) {
    this.binding = backend.binding
    this.constants = new Constants(prefix, this.binding, (...node) => this.node(...node))
  }

  /** Declares a tensor that is fed in every run. */
  feed(name: string, tensor: Tensor): { node: string; dtype: number } {
    const [id] = this.backend.getInputTensorIds([tensor])
    const dtype = dtypeNumber(this.binding, tensor.dtype)
    const node = `${this.prefix}/feed/${name}`
    this.node(node, 'Placeholder', [], { dtype: { type: dtype } }, [tensor.shape])
    this.names.set(id!, node)
    return { node, dtype }
  }

  /** Declares the tensors that represent a variable of the session, one for each part; it is read on first use. */
  variable(variable: StoredVariable, tensors: readonly (Tensor | undefined)[]): void {
    tensors.forEach((tensor, part) => {
      if (!tensor) return
      const [id] = this.backend.getInputTensorIds([tensor])
      this.reads.set(id!, { variable, part })
    })
  }

  /** Runs `body` with every operation recorded. */
  run<T>(body: () => T): T {
    if (recorders.has(this.backend)) throw new CaptureError('a capture is going on already; it cannot be nested')
    recorders.set(this.backend, this)
    this.backend.binding = this.recordingBinding()
    try {
      return body()
    } finally {
      this.backend.binding = this.binding
      recorders.delete(this.backend)
    }
  }

  /**
   * Records one node in place of what `body` computes, for operations that the binding cannot run individually.
   * @returns what `body` returns, which from now on represents the outputs of the node
   */
  replace<T extends Tensor | Tensor[]>({ op, attributes, inputs }: GraphNode, body: () => T): T {
    const names = inputs.map((input) => (typeof input === 'string' ? input : this.nameOfTensor(input, op)))
    this.backend.binding = this.binding
    let result: T
    try {
      result = body()
    } finally {
      this.backend.binding = this.recordingBinding()
    }
    const tensors: Tensor[] = Array.isArray(result) ? result : [result]
    const ids = this.backend.getInputTensorIds(tensors)
    this.add(
      op,
      attributes,
      names,
      tensors.map(({ shape }, at) => ({ id: ids[at]!, shape })),
    )
    return result
  }

  /**
   * Remembers the statistics from the evaluation of a norm until the end of the recording, by its gamma: a recomputation of the same norm
   * reuses them. Nothing is remembered for a norm that is evaluated more than once.
   */
  remember(gamma: Tensor, statistics: readonly Tensor[]): void {
    const key = this.nameOfTensor(gamma, 'a norm')
    this.remembered.set(key, this.remembered.has(key) ? null : statistics.map((tensor) => this.nameOfTensor(tensor, 'a norm')))
  }

  /** Names of the statistics remembered for a norm, or null. */
  recall(gamma: Tensor): readonly string[] | null {
    return this.remembered.get(this.nameOfTensor(gamma, 'a norm')) ?? null
  }

  /** Maps a tensor to an output that was recorded before. */
  stand(tensor: Tensor, name: string): void {
    const [id] = this.backend.getInputTensorIds([tensor])
    this.names.set(id!, name)
  }

  private nameOfTensor(tensor: Tensor, user: string): string {
    const [id] = this.backend.getInputTensorIds([tensor])
    return this.nameOf(id!, user)
  }

  /** Name under which the value of a tensor can be fetched. */
  fetch(name: string, tensor: Tensor): string {
    const [id] = this.backend.getInputTensorIds([tensor])
    const dtype = { type: dtypeNumber(this.binding, tensor.dtype) }
    return this.node(`${this.prefix}/fetch/${name}`, 'Identity', [this.nameOf(id!, `the result ${name}`)], { T: dtype }, [tensor.shape])
  }

  /**
   * Records the assignment of a tensor's value to a variable of the session, or of one for each of its parts.
   * @throws CaptureError if only some of the parts have values
   */
  assign({ name, handle, parts, dtype, shape }: StoredVariable, tensors: readonly (Tensor | undefined)[]): void {
    const given = tensors.filter((tensor) => tensor !== undefined)
    if (given.length === 0) return
    if (given.length < tensors.length) throw new CaptureError(`only ${given.length} of the ${tensors.length} parts of ${name} are assigned`)
    const type = { type: dtypeNumber(this.binding, dtype) }
    const values = this.backend.getInputTensorIds(given).map((id) => this.nameOf(id, `the variable ${name}`))
    const value = parts ? (this.wholeOf(values) ?? this.pack(values, type, shape)) : values[0]!
    this.node(`${this.prefix}/${++this.count}`, 'AssignVariableOp', [handle, value], { dtype: type }, [])
  }

  private pack(values: string[], type: { type: number }, shape: number[]): string {
    return this.node(`${this.prefix}/${++this.count}`, 'Pack', values, { T: type, N: { i: values.length }, axis: { i: 0 } }, [shape])
  }

  /** The array whose slices along its first axis, complete and in order, are the given ones: stacking them gives it back. */
  private wholeOf(parts: readonly string[]): string | null {
    const [node] = parts[0]!.split(':')
    const taken = this.apart.get(node!)
    return taken?.count === parts.length && parts.every((part, at) => part === output(node!, at)) ? taken.whole : null
  }

  private recordingBinding(): Binding {
    const { binding } = this
    const recording: Partial<Binding> = {
      executeOp: (name: string, attributes: OpAttribute[], inputs: number[], outputs: number): TensorMetadata[] => {
        if (SHAPED_BY_VALUES.test(name)) throw new CaptureError(`${name} cannot be captured: the shape of its result depends on values`)
        const names = inputs.map((id) => this.nameOf(id, name))
        const results = binding.executeOp(name, attributes, inputs, outputs)
        const attr = Object.fromEntries(attributes.map((attribute) => [attribute.name, attrValue(binding, attribute)]))
        this.add(name, attr, names, results)
        return results
      },
      createTensor: (shape: number[], dtype: number, values: TypedArray | BigInt64Array): number => {
        const id = binding.createTensor(shape, dtype, values)
        this.made.set(id, { shape, dtype, values })
        return id
      },
      deleteTensor: (id: number): void => {
        binding.deleteTensor(id)
        const name = this.names.get(id)
        if (name !== undefined) this.ops.delete(name)
        this.names.delete(id)
        this.made.delete(id)
        this.reads.delete(id)
      },
      tensorDataSync: (id: number): TypedArray => {
        const name = this.names.get(id)
        if (name !== undefined)
          throw new CaptureError(
            `the result of ${this.ops.get(name) ?? name} is read back; what follows could depend on it, so the step cannot be captured`,
          )
        return binding.tensorDataSync(id)
      },
    }
    // The binding's own properties are neither enumerable nor writable.
    const overrides = Object.entries(recording).map(([name, value]) => [name, { value, enumerable: true }])
    return Object.create(binding, Object.fromEntries(overrides) as PropertyDescriptorMap) as Binding
  }

  private add(op: string, attr: Record<string, AttrValue>, inputs: string[], outputs: { id: number; shape: number[] }[]): void {
    const whole = op === 'Pack' && isFirstAxis(attr) ? this.wholeOf(inputs) : null
    const shapes = outputs.map(({ shape }) => shape)
    const name = whole ?? this.node(`${this.prefix}/${++this.count}`, op, inputs, attr, shapes)
    if (op === 'Unpack' && isFirstAxis(attr)) this.apart.set(name, { whole: inputs[0]!, count: outputs.length })
    outputs.forEach(({ id }, at) => {
      this.names.set(id, output(name, at))
      this.ops.set(output(name, at), op)
    })
  }

  private node(name: string, op: string, input: string[], attr: Record<string, AttrValue>, shapes: number[][]): string {
    this.nodes.push({ name, op, input, attr, shapes })
    return name
  }

  private nameOf(id: number, user: string): string {
    const known = this.names.get(id)
    if (known !== undefined) return known
    if (this.reads.has(id)) return this.read(id)
    const made = this.made.get(id)
    if (made === undefined)
      throw new CaptureError(`${user} uses a tensor from outside the captured function; declare it as a feed or a variable`)
    return this.constants.nameOf(made, user)
  }

  private read(id: number): string {
    const { variable, part } = this.reads.get(id)!
    const value = this.values.get(variable.handle) ?? this.readVariable(variable)
    const name = output(value, part)
    this.names.set(id, name)
    return name
  }

  private readVariable({ handle, parts, shape, dtype }: StoredVariable): string {
    const type = { type: dtypeNumber(this.binding, dtype) }
    const whole = this.node(`${this.prefix}/read/${handle}`, 'ReadVariableOp', [handle], { dtype: type }, [shape])
    let value = whole
    if (parts) {
      const attr = { T: type, num: { i: parts.length }, axis: { i: 0 } }
      const shapes = parts.map(() => shape.slice(1))
      value = this.node(`${this.prefix}/parts/${handle}`, 'Unpack', [whole], attr, shapes)
      this.apart.set(value, { whole, count: parts.length })
    }
    this.values.set(handle, value)
    return value
  }
}

/** Name of an output of a node. */
const output = (node: string, at: number): string => (at === 0 ? node : `${node}:${at}`)

const isFirstAxis = ({ axis }: Record<string, AttrValue>): boolean => axis === undefined || ('i' in axis && Number(axis.i) === 0)

export function dtypeNumber(binding: Binding, dtype: Tensor['dtype']): number {
  if (dtype === 'float32') return binding.TF_FLOAT
  if (dtype === 'int32') return binding.TF_INT32
  if (dtype === 'bool') return binding.TF_BOOL
  throw new CaptureError(`tensors of type ${dtype} cannot be captured`)
}
