import type { Binding, OpAttribute } from './binding.js'
import { shapeProto, type AttrValue } from './graph-def.js'

const text = new TextEncoder()

/**
 * An attribute of a tfjs-node kernel in TensorFlow's graph format.
 * @throws Error for a type that the binding itself does not accept
 */
export function attrValue(binding: Binding, { name, type, value }: OpAttribute): AttrValue {
  const list = Array.isArray(value)
  switch (type) {
    case binding.TF_ATTR_STRING:
      return { s: text.encode(value as string) }
    case binding.TF_ATTR_INT:
      return list ? { list: { i: value as number[] } } : { i: value as number }
    case binding.TF_ATTR_FLOAT:
      return list ? { list: { f: value as number[] } } : { f: value as number }
    case binding.TF_ATTR_BOOL:
      return list ? { list: { b: value as boolean[] } } : { b: value as boolean }
    case binding.TF_ATTR_TYPE:
      return { type: value as number }
    case binding.TF_ATTR_SHAPE:
      return { shape: shapeProto(value as number[]) }
  }
  throw new Error(`attribute ${name} has the type ${type}, which cannot be captured`)
}

export const strings = (...values: string[]): AttrValue => ({ list: { s: values.map((value) => text.encode(value)) } })
export const string = (value: string): AttrValue => ({ s: text.encode(value) })
