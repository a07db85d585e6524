import protobuf from 'protobufjs'

const field = (type: string, id: number, rule?: 'repeated'): protobuf.IField => ({ type, id, ...(rule ? { rule } : {}) })

/** The part of the ONNX format that a graph without functions needs; field numbers are those of onnx.proto. */
const root = protobuf.Root.fromJSON({
  nested: {
    AttributeProto: {
      fields: {
        name: field('string', 1),
        f: field('float', 2),
        i: field('int64', 3),
        s: field('bytes', 4),
        ints: field('int64', 8, 'repeated'),
        type: field('int32', 20),
      },
    },
    NodeProto: {
      fields: {
        input: field('string', 1, 'repeated'),
        output: field('string', 2, 'repeated'),
        name: field('string', 3),
        opType: field('string', 4),
        attribute: field('AttributeProto', 5, 'repeated'),
      },
    },
    TensorProto: {
      fields: {
        dims: field('int64', 1, 'repeated'),
        dataType: field('int32', 2),
        name: field('string', 8),
        rawData: field('bytes', 9),
      },
    },
    Dimension: { fields: { dimValue: field('int64', 1), dimParam: field('string', 2) } },
    ShapeProto: { fields: { dim: field('Dimension', 1, 'repeated') } },
    TensorType: { fields: { elemType: field('int32', 1), shape: field('ShapeProto', 2) } },
    TypeProto: { fields: { tensorType: field('TensorType', 1) } },
    ValueInfoProto: { fields: { name: field('string', 1), type: field('TypeProto', 2), docString: field('string', 3) } },
    GraphProto: {
      fields: {
        node: field('NodeProto', 1, 'repeated'),
        name: field('string', 2),
        initializer: field('TensorProto', 5, 'repeated'),
        input: field('ValueInfoProto', 11, 'repeated'),
        output: field('ValueInfoProto', 12, 'repeated'),
      },
    },
    OperatorSet: { fields: { domain: field('string', 1), version: field('int64', 2) } },
    Entry: { fields: { key: field('string', 1), value: field('string', 2) } },
    ModelProto: {
      fields: {
        irVersion: field('int64', 1),
        producerName: field('string', 2),
        producerVersion: field('string', 3),
        docString: field('string', 6),
        graph: field('GraphProto', 7),
        opsetImport: field('OperatorSet', 8, 'repeated'),
        metadataProps: field('Entry', 14, 'repeated'),
      },
    },
  },
})

/** Type numbers of onnx.proto. */
const FLOAT = 1
const INT64 = 7
const ATTRIBUTE = { float: 1, int: 2, ints: 7 } as const

/** The operator set of the nodes, and the corresponding version of the file format. */
const OPSET = 17
const IR_VERSION = 8

/** Name of the axis with variable length. */
const BATCH = 'batch'

/** Floating-point numbers must be given as `{ float }`, because ONNX distinguishes 1 from 1.0. */
export type Attribute = number | readonly number[] | { float: number }

export interface OnnxInfo {
  /** Version of the program that wrote it. */
  version: string
  description: string
  metadata: Readonly<Record<string, string>>
}

/** Builds an ONNX graph: nodes in the order of execution, and constants. */
export class OnnxGraph {
  private readonly nodes: object[] = []
  private readonly initializers = new Map<string, object>()
  private readonly inputs: object[] = []
  private readonly outputs: object[] = []
  private count = 0

  /** @param shape without the leading batch axis */
  input(name: string, shape: readonly number[], description: string): string {
    this.inputs.push(valueInfo(name, shape, description))
    return name
  }

  /** @param shape without the leading batch axis */
  output(value: string, name: string, shape: readonly number[], description: string): void {
    this.nodes.push({ input: [value], output: [name], name, opType: 'Identity', attribute: [] })
    this.outputs.push(valueInfo(name, shape, description))
  }

  /** Adds a node. @returns the names of its outputs */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}, outputs = 1): string[] {
    const name = `${op}_${++this.count}`
    const names = Array.from({ length: outputs }, (_, at) => (outputs === 1 ? name : `${name}_${at}`))
    this.nodes.push({ input: inputs, output: names, name, opType: op, attribute: Object.entries(attributes).map(attributeProto) })
    return names
  }

  /** Adds a constant; if there already is one with this name, it is the same. */
  constant(name: string, shape: readonly number[], values: Float32Array | BigInt64Array): string {
    const dataType = values instanceof Float32Array ? FLOAT : INT64
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    if (!this.initializers.has(name)) this.initializers.set(name, { dims: shape, dataType, name, rawData })
    return name
  }

  /** A list of integers as a constant, such as the lengths of an array's parts. */
  integers(...values: number[]): string {
    return this.constant(`ints_${values.join('_')}`, [values.length], BigInt64Array.from(values, BigInt))
  }

  /** The bytes of the model's file. */
  encode({ version, description, metadata }: OnnxInfo): Uint8Array {
    const type = root.lookupType('ModelProto')
    const model = {
      irVersion: IR_VERSION,
      producerName: 'Retrace',
      producerVersion: version,
      docString: description,
      graph: {
        node: this.nodes,
        name: 'network',
        initializer: [...this.initializers.values()],
        input: this.inputs,
        output: this.outputs,
      },
      opsetImport: [{ domain: '', version: OPSET }],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    }
    return type.encode(type.create(model)).finish()
  }
}

const valueInfo = (name: string, shape: readonly number[], docString: string): object => ({
  name,
  docString,
  type: { tensorType: { elemType: FLOAT, shape: { dim: [{ dimParam: BATCH }, ...shape.map((dimValue) => ({ dimValue }))] } } },
})

function attributeProto([name, value]: [string, Attribute]): object {
  if (typeof value === 'number') return { name, i: value, type: ATTRIBUTE.int }
  if ('float' in value) return { name, f: value.float, type: ATTRIBUTE.float }
  return { name, ints: value, type: ATTRIBUTE.ints }
}
