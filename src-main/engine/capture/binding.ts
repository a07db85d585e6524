import type { DataType, Tensor, TypedArray } from '@tensorflow/tfjs-core'

/** The binding's metadata of a tensor held by TensorFlow. */
export interface TensorMetadata {
  id: number
  shape: number[]
  /** TensorFlow's type number. */
  dtype: number
}

/** An attribute as tfjs-node's kernels pass it; arrays are lists. */
export interface OpAttribute {
  name: string
  type: number
  value: unknown
}

/** The native binding of tfjs-node, through which every kernel calls TensorFlow. */
export interface Binding {
  readonly TF_Version: string
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_INT64: number
  readonly TF_BOOL: number
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_TYPE: number
  readonly TF_ATTR_SHAPE: number
  executeOp(name: string, attributes: OpAttribute[], inputs: number[], outputs: number): TensorMetadata[]
  createTensor(shape: number[], dtype: number, values: TypedArray | BigInt64Array): number
  deleteTensor(id: number): void
  tensorDataSync(id: number): TypedArray
  loadSavedModel(folder: string, tags: string): number
  runSavedModel(id: number, inputs: number[], inputNames: string, outputNames: string): TensorMetadata[]
  deleteSavedModel(id: number): void
}

/** The part of tfjs-node's back end that capture uses; the package does not export the type. */
export interface CapturableBackend {
  binding: Binding
  isUsingGpuDevice: boolean
  getInputTensorIds(tensors: { dataId: object; shape: number[]; dtype: DataType }[]): number[]
  createOutputTensor(metadata: TensorMetadata): Tensor
}

/** The back end if it can be captured, otherwise null: only tfjs-node's back end calls TensorFlow through a single binding. */
export function capturableBackend(backend: unknown): CapturableBackend | null {
  return typeof backend === 'object' && backend !== null && 'binding' in backend ? (backend as CapturableBackend) : null
}
