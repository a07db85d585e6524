import { stack, tidy, unstack, type Tensor } from '@tensorflow/tfjs-core'
import { encodeNode, shapeProto } from './graph-def.js'
import { CaptureError } from './capture-error.js'
import { dtypeNumber, type StoredVariable } from './recorder.js'
import type { Binding } from './binding.js'

type Tensors = Record<string, Tensor>

/** The node that is fetched for writing a variable. */
const DONE = 'state/none'

/** Nodes for reading and setting the session's variables from outside. */
const ports = {
  get: (name: string) => `state/get/${name}`,
  value: (name: string) => `state/value/${name}`,
  set: (name: string) => `state/set/${name}`,
  done: (name: string) => `state/done/${name}`,
}

/** The binding's memory use grows with the square of the number of names in a call. */
const NAMES_A_CALL = 128

/** Runs the session: tensors by the nodes that they feed, and the nodes to fetch by the names of their results. */
export type SessionCall = (feeds: ReadonlyMap<string, Tensor>, fetches: ReadonlyMap<string, string>) => Tensors

/**
 * Variables of a session. Those of equal shape can share one TensorFlow variable, as a stack [parts, ...shape]: each node of a graph takes
 * about 6 KiB inside TensorFlow, and a variable has five nodes besides those that use it.
 */
export class Variables {
  private readonly stores = new Map<string, StoredVariable>()
  /** By the name of the variable. */
  private readonly storeOf = new Map<string, StoredVariable>()

  constructor(private readonly binding: Binding) {}

  /**
   * @param examples tensors with the shapes and types of the variables
   * @param stacks names of variables that share one
   */
  declare(examples: Tensors, stacks: readonly (readonly string[])[]): void {
    const stacked = new Set(stacks.flat())
    for (const parts of stacks) {
      const [first, ...others] = parts.map((name) => exampleOf(examples, name)) as [Tensor, ...Tensor[]]
      if (others.some((other) => !sameShape(other.shape, first.shape) || other.dtype !== first.dtype))
        throw new CaptureError(`the variables ${parts.join(', ')} have different shapes or types; they cannot be one stack`)
      this.add({ name: `stack/${parts[0]}`, parts: [...parts], shape: [parts.length, ...first.shape], dtype: first.dtype })
    }
    for (const [name, { shape, dtype }] of Object.entries(examples)) if (!stacked.has(name)) this.add({ name, parts: null, shape, dtype })
  }

  private add(variable: Omit<StoredVariable, 'handle'>): void {
    const stored = { ...variable, handle: `var/${variable.name}` }
    this.stores.set(stored.name, stored)
    for (const name of stored.parts ?? [stored.name]) {
      if (this.storeOf.has(name)) throw new CaptureError(`two variables are called ${name}`)
      this.storeOf.set(name, stored)
    }
  }

  get all(): Iterable<StoredVariable> {
    return this.stores.values()
  }

  /** The tensors of a stored variable among named ones: its own, or one for each part. */
  static tensorsOf(variable: StoredVariable, named: Tensors): (Tensor | undefined)[] {
    return (variable.parts ?? [variable.name]).map((name) => named[name])
  }

  /** @throws CaptureError for a name without a variable */
  check(names: Iterable<string>): void {
    for (const name of names) if (!this.storeOf.has(name)) throw new CaptureError(`there is no variable ${name}`)
  }

  /** The nodes of the variables' handles, in the wire format. */
  handles(): Uint8Array[] {
    return [...this.all].map(({ name, handle, shape, dtype }) =>
      encodeNode({
        name: handle,
        op: 'VarHandleOp',
        input: [],
        attr: {
          dtype: { type: dtypeNumber(this.binding, dtype) },
          shape: { shape: shapeProto(shape) },
          shared_name: { s: new TextEncoder().encode(name) },
        },
      }),
    )
  }

  /** The nodes that read and set them from outside. */
  ports(): Uint8Array[] {
    const float = { type: this.binding.TF_FLOAT }
    const zero = { dtype: this.binding.TF_FLOAT, tensorShape: shapeProto([]), tensorContent: new Uint8Array(4) }
    const none = encodeNode({ name: DONE, op: 'Const', input: [], attr: { dtype: float, value: { tensor: zero } } })
    const nodes = [...this.all].flatMap(({ name, handle, dtype }) => {
      const type = { dtype: { type: dtypeNumber(this.binding, dtype) } }
      return [
        { name: ports.get(name), op: 'ReadVariableOp', input: [handle], attr: type },
        { name: ports.value(name), op: 'Placeholder', input: [], attr: type },
        { name: ports.set(name), op: 'AssignVariableOp', input: [handle, ports.value(name)], attr: type },
        { name: ports.done(name), op: 'Identity', input: [DONE, `^${ports.set(name)}`], attr: { T: float } },
      ]
    })
    return [none, ...nodes.map(encodeNode)]
  }

  /** Values of the selected variables, stacks as a whole; the caller owns the tensors. */
  read(wanted: (name: string) => boolean, call: SessionCall): Tensors {
    const read = [...this.all].filter(({ name, parts }) => (parts ?? [name]).some(wanted))
    return Object.assign(
      {},
      ...batches(read).map((batch) => {
        const values = call(new Map(), new Map(batch.map(({ name }) => [name, ports.get(name)])))
        return Object.assign({}, ...batch.map(({ name, parts }) => named(parts ?? [name], parts ? taken(values[name]!) : [values[name]!])))
      }),
    ) as Tensors
  }

  /**
   * Sets variables; the caller keeps the tensors.
   * @throws CaptureError if a name or shape differs from the declared one, or a part of a stack is missing
   */
  write(values: Tensors, call: SessionCall): void {
    this.check(Object.keys(values))
    const written = [...this.all].filter((variable) => Variables.tensorsOf(variable, values).some((tensor) => tensor !== undefined))
    for (const variable of written) checkShapes(variable, values)
    for (const batch of batches(written)) {
      const whole = batch.map((variable) => {
        const tensors = Variables.tensorsOf(variable, values) as Tensor[]
        return variable.parts ? tidy(() => stack(tensors)) : tensors[0]!
      })
      const feeds = new Map(batch.map(({ name }, at) => [ports.value(name), whole[at]!]))
      const done = call(feeds, new Map(batch.map(({ name }) => [name, ports.done(name)])))
      for (const tensor of Object.values(done)) tensor.dispose()
      batch.forEach(({ parts }, at) => parts && whole[at]!.dispose())
    }
  }
}

function exampleOf(examples: Tensors, name: string): Tensor {
  const example = examples[name]
  if (!example) throw new CaptureError(`there is no variable ${name}`)
  return example
}

const named = (names: readonly string[], tensors: readonly Tensor[]): Tensors =>
  Object.fromEntries(names.map((name, at) => [name, tensors[at]!]))

/** The slices of a stack, which is freed. */
function taken(whole: Tensor): Tensor[] {
  const parts = unstack(whole)
  whole.dispose()
  return parts
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis])

function checkShapes(variable: StoredVariable, values: Tensors): void {
  const shape = variable.parts ? variable.shape.slice(1) : variable.shape
  for (const name of variable.parts ?? [variable.name]) {
    const tensor = values[name]
    if (!tensor) throw new CaptureError(`the variable ${name} shares its stack with others that are set, and has no value among them`)
    if (!sameShape(tensor.shape, shape)) throw new CaptureError(`the variable ${name} has shape [${shape}], not [${tensor.shape}]`)
  }
}

/** Stacks one at a time, so that at most one of them exists twice; single variables together, up to the limit of a call. */
function batches(variables: Iterable<StoredVariable>): StoredVariable[][] {
  const all = [...variables]
  const single = all.filter(({ parts }) => !parts)
  const chunks = Array.from({ length: Math.ceil(single.length / NAMES_A_CALL) }, (_, at) =>
    single.slice(at * NAMES_A_CALL, (at + 1) * NAMES_A_CALL),
  )
  return [...all.filter(({ parts }) => parts).map((variable) => [variable]), ...chunks]
}
