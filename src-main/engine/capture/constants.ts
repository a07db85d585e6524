import type { TypedArray } from '@tensorflow/tfjs-core'
import type { Binding } from './binding.js'
import { CaptureError } from './capture-error.js'
import { shapeProto, type AttrValue } from './graph-def.js'

/** Maximum size of a constant in a graph, in bytes: those of shapes, axes and factors are far smaller, and activations far larger. */
const LARGEST_CONSTANT = 64 * 1024

/** A tensor that was created from values while a function was recorded. */
export interface ConstantValue {
  shape: number[]
  /** TensorFlow's type number. */
  dtype: number
  values: TypedArray | BigInt64Array
}

/** The constants of one captured function; equal ones share a node. */
export class Constants {
  private readonly names = new Map<string, string>()
  private fills = 0

  /**
   * @param prefix prefix of the node names
   * @param record adds a node to the graph, and returns its name
   */
  constructor(
    private readonly prefix: string,
    private readonly binding: Pick<Binding, 'TF_INT32'>,
    private readonly record: (name: string, op: string, input: string[], attr: Record<string, AttrValue>, shapes: number[][]) => string,
  ) {}

  /**
   * The node with a value, which is recorded on first use.
   * @param user the operation that uses it, for the message
   * @throws CaptureError for values that are too large for a graph
   */
  nameOf({ shape, dtype, values }: ConstantValue, user: string): string {
    if (values.byteLength > LARGEST_CONSTANT && isUniform(values)) return this.fill(shape, dtype, values)
    if (values.byteLength > LARGEST_CONSTANT)
      throw new CaptureError(`${user} uses a constant of ${values.byteLength} bytes; make it a feed or compute it from small ones`)
    const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    const key = `${dtype}[${shape}]${Buffer.from(content).toString('base64')}`
    const same = this.names.get(key)
    if (same !== undefined) return same
    const name = `${this.prefix}/const/${this.names.size}`
    const tensor = { dtype, tensorShape: shapeProto(shape), tensorContent: content.slice() }
    this.record(name, 'Const', [], { dtype: { type: dtype }, value: { tensor } }, [shape])
    this.names.set(key, name)
    return name
  }

  /**
   * tf.ones and tf.zeros are constants in tfjs. Those as large as an activation are recorded as a Fill operation, which each run
   * recomputes, instead of being stored.
   */
  private fill(shape: number[], dtype: number, values: TypedArray | BigInt64Array): string {
    const { TF_INT32 } = this.binding
    const size = this.nameOf({ shape: [shape.length], dtype: TF_INT32, values: Int32Array.from(shape) }, 'Fill')
    const value = this.nameOf({ shape: [], dtype, values: values.slice(0, 1) }, 'Fill')
    const types = { T: { type: dtype }, index_type: { type: TF_INT32 } }
    return this.record(`${this.prefix}/fill/${this.fills++}`, 'Fill', [size, value], types, [shape])
  }
}

const isUniform = (values: TypedArray | BigInt64Array): boolean => values.every((value: unknown) => value === values[0])
