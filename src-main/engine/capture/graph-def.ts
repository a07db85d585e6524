import protobuf from 'protobufjs'

/**
 * An attribute of a node in the form of TensorFlow's protocol buffer (tensorflow/core/framework/attr_value.proto), with exactly one key.
 */
export type AttrValue =
  | { s: Uint8Array }
  | { i: number }
  | { f: number }
  | { b: boolean }
  | { type: number }
  | { shape: ShapeProto }
  | { tensor: { dtype: number; tensorShape: ShapeProto; tensorContent: Uint8Array } }
  | { list: { s?: Uint8Array[]; i?: number[]; f?: number[]; b?: boolean[]; type?: number[] } }

interface ShapeProto {
  dim: { size: number }[]
}

export interface NodeDef {
  name: string
  op: string
  /** 'node', 'node:1', or '^node' for a control dependency; the latter come last. */
  input: string[]
  attr: Record<string, AttrValue>
}

export const shapeProto = (shape: readonly number[]): ShapeProto => ({ dim: shape.map((size) => ({ size })) })

const field = (type: string, id: number, rule?: 'repeated'): protobuf.IField => ({ type, id, ...(rule ? { rule } : {}) })

/** The part of TensorFlow's formats that a graph without functions needs; field numbers are those of the .proto files. */
const root = protobuf.Root.fromJSON({
  nested: {
    Dim: { fields: { size: field('int64', 1) } },
    Shape: { fields: { dim: field('Dim', 2, 'repeated') } },
    TensorProto: { fields: { dtype: field('int32', 1), tensorShape: field('Shape', 2), tensorContent: field('bytes', 4) } },
    ListValue: {
      fields: {
        s: field('bytes', 2, 'repeated'),
        i: field('int64', 3, 'repeated'),
        f: field('float', 4, 'repeated'),
        b: field('bool', 5, 'repeated'),
        type: field('int32', 6, 'repeated'),
      },
    },
    AttrValue: {
      oneofs: { value: { oneof: ['list', 's', 'i', 'f', 'b', 'type', 'shape', 'tensor'] } },
      fields: {
        list: field('ListValue', 1),
        s: field('bytes', 2),
        i: field('int64', 3),
        f: field('float', 4),
        b: field('bool', 5),
        type: field('int32', 6),
        shape: field('Shape', 7),
        tensor: field('TensorProto', 8),
      },
    },
    NodeDef: {
      fields: {
        name: field('string', 1),
        op: field('string', 2),
        input: field('string', 3, 'repeated'),
        attr: { keyType: 'string', type: 'AttrValue', id: 5 } as protobuf.IMapField,
      },
    },
    VersionDef: { fields: { producer: field('int32', 1) } },
    MetaInfoDef: { fields: { tags: field('string', 4, 'repeated') } },
  },
})

const NodeDefType = root.lookupType('NodeDef')

/** One node in the wire format: a recording stores bytes instead of objects. */
export const encodeNode = (node: NodeDef): Uint8Array => NodeDefType.encode(NodeDefType.fromObject(node)).finish()

/** Version of the graph format, as written by TensorFlow 2.12 and read by all later ones. */
const PRODUCER = 1395

/** The wire type of length-delimited fields. */
const tag = (id: number): number => (id << 3) | 2

/**
 * A SavedModel (tensorflow/core/protobuf/saved_model.proto) with one graph of the given nodes, under the tag 'serve'. The encoded nodes are
 * copied, so that a graph of tens of thousands of nodes never exists as a tree of objects.
 */
export function encodeSavedModel(nodes: readonly Uint8Array[]): Uint8Array {
  const graph = protobuf.Writer.create()
  for (const node of nodes) graph.uint32(tag(1)).bytes(node)
  const versions = root.lookupType('VersionDef')
  graph.uint32(tag(4)).bytes(versions.encode(versions.fromObject({ producer: PRODUCER })).finish())
  const info = root.lookupType('MetaInfoDef')
  const meta = protobuf.Writer.create()
  meta.uint32(tag(1)).bytes(info.encode(info.fromObject({ tags: ['serve'] })).finish())
  meta.uint32(tag(2)).bytes(graph.finish())
  const model = protobuf.Writer.create()
  // saved_model_schema_version
  model.uint32((1 << 3) | 0).int64(1)
  return model.uint32(tag(2)).bytes(meta.finish()).finish()
}
