import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { CapturableBackend } from './binding.js'
import { encodeNode, encodeSavedModel, shapeProto } from './graph-def.js'
import { fuse } from './fuse.js'
import { inOrder, withoutDead } from './recorded-graph.js'
import { CaptureError, dtypeNumber, Recorder } from './recorder.js'

export type Tensors = Record<string, Tensor>

/** What a captured function gives: results to fetch, and new values of variables. */
export interface Outcome {
  fetch: Tensors
  assign?: Tensors
}

interface CapturedFunction {
  feeds: Map<string, { node: string; shape: number[]; dtype: Tensor['dtype'] }>
  fetches: Map<string, string>
  operations: string[]
}

interface Variable {
  node: string
  shape: number[]
  dtype: Tensor['dtype']
}

const INIT = 'retrace/init'

/** Collects captured functions over one set of variables; `load` makes them a program. */
export class ProgramBuilder {
  private readonly nodes: Uint8Array[] = []
  private readonly functions = new Map<string, CapturedFunction>()
  private readonly variables = new Map<string, Variable>()

  /** @param fused merges operations into fewer passes over memory (fuse.ts): results differ in rounding */
  constructor(
    private readonly backend: CapturableBackend,
    private readonly fused = false,
  ) {}

  /** Declares the variables of the program by examples of their values. */
  declare(variables: Tensors): void {
    for (const [name, { shape, dtype }] of Object.entries(variables)) {
      if (this.variables.has(name)) throw new CaptureError(`two variables are called ${name}`)
      const node = `var/${name}`
      const type = { type: dtypeNumber(this.backend.binding, dtype) }
      const shared = { s: new TextEncoder().encode(name) }
      this.nodes.push(
        encodeNode({
          name: node,
          op: 'VarHandleOp',
          input: [],
          attr: { dtype: type, shape: { shape: shapeProto(shape) }, shared_name: shared },
        }),
      )
      this.variables.set(name, { node, shape, dtype })
    }
  }

  /**
   * Runs `body` once, as usual, and records it.
   * @param feeds tensors that are given anew at every run
   * @param variables tensors that stand for variables while `body` runs
   * @returns what `body` returned; its tensors are the caller's
   * @throws CaptureError naming the operation that cannot be captured
   */
  capture<T extends Outcome>(name: string, feeds: Tensors, variables: Tensors, body: () => T): T {
    if (this.functions.has(name)) throw new CaptureError(`two functions are called ${name}`)
    const recorder = new Recorder(this.backend, name, this.fused)
    const captured: CapturedFunction = { feeds: new Map(), fetches: new Map(), operations: [] }
    for (const [feed, tensor] of Object.entries(feeds))
      captured.feeds.set(feed, { node: recorder.feed(feed, tensor).node, shape: tensor.shape, dtype: tensor.dtype })
    for (const [variable, tensor] of Object.entries(variables)) recorder.variable(this.handle(variable), tensor)
    const outcome = recorder.run(() => {
      const result = body()
      for (const [variable, tensor] of Object.entries(result.assign ?? {})) recorder.assign(this.handle(variable), tensor)
      for (const [fetch, tensor] of Object.entries(result.fetch)) captured.fetches.set(fetch, recorder.fetch(fetch, tensor))
      return result
    })
    const live = withoutDead(recorder.nodes, new Set(captured.fetches.values()))
    const recorded = this.fused ? fuse(live, name) : live
    for (const node of inOrder(recorded)) this.nodes.push(encodeNode(node))
    captured.operations = recorded.map(({ op }) => op)
    this.functions.set(name, captured)
    return outcome
  }

  /** Operations of a captured function in the order of execution. */
  operations(name: string): readonly string[] {
    return this.functions.get(name)?.operations ?? []
  }

  /** Bytes of the graph so far. */
  get bytes(): number {
    return this.nodes.reduce((sum, node) => sum + node.length, 0)
  }

  get nodeCount(): number {
    return this.nodes.length
  }

  /** Loads everything captured as one session. The variables have no value before the first `write`. */
  load(): Program {
    for (const [name, variable] of this.variables) this.readAndWrite(name, variable)
    const done = encodeNode({
      name: INIT,
      op: 'Const',
      input: [],
      attr: {
        dtype: { type: this.backend.binding.TF_FLOAT },
        value: { tensor: { dtype: this.backend.binding.TF_FLOAT, tensorShape: shapeProto([]), tensorContent: new Uint8Array(4) } },
      },
    })
    const folder = mkdtempSync(join(tmpdir(), 'retrace-graph-'))
    try {
      writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel([...this.nodes, done]))
      const id = this.backend.binding.loadSavedModel(folder, 'serve')
      return new Program(this.backend, id, this.functions, this.variables)
    } finally {
      rmSync(folder, { recursive: true, force: true })
      this.nodes.length = 0
    }
  }

  private readAndWrite(name: string, { node, dtype }: Variable): void {
    const type = { type: dtypeNumber(this.backend.binding, dtype) }
    const put = (suffix: string, op: string, input: string[], attr: Record<string, { type: number }>): void =>
      void this.nodes.push(encodeNode({ name: `${suffix}/${name}`, op, input, attr }))
    put('state/get', 'ReadVariableOp', [node], { dtype: type })
    put('state/value', 'Placeholder', [], { dtype: type })
    put('state/set', 'AssignVariableOp', [node, `state/value/${name}`], { dtype: type })
    put('state/done', 'Identity', [INIT, `^state/set/${name}`], { T: { type: this.backend.binding.TF_FLOAT } })
  }

  private handle(name: string): string {
    const variable = this.variables.get(name)
    if (!variable) throw new CaptureError(`there is no variable ${name}`)
    return variable.node
  }
}

/** The binding's memory for the names of a call grows with the square of their number. */
const NAMES_A_CALL = 128

const chunksOf = (names: string[]): string[][] =>
  Array.from({ length: Math.ceil(names.length / NAMES_A_CALL) }, (_, at) => names.slice(at * NAMES_A_CALL, (at + 1) * NAMES_A_CALL))

/** Captured functions that run as one native call each, over variables that stay in TensorFlow's session. */
export class Program {
  private disposed = false

  constructor(
    private readonly backend: CapturableBackend,
    private readonly id: number,
    private readonly functions: ReadonlyMap<string, CapturedFunction>,
    private readonly variables: ReadonlyMap<string, Variable>,
  ) {}

  /**
   * Runs a captured function.
   * @param feeds every declared feed, of the captured shape and type
   * @returns the fetched tensors; the caller owns them
   */
  run(name: string, feeds: Tensors): Tensors {
    const captured = this.functions.get(name)
    if (!captured) throw new CaptureError(`no function ${name} was captured`)
    const inputs: Tensor[] = []
    for (const [feed, { shape, dtype }] of captured.feeds) {
      const tensor = feeds[feed]
      if (!tensor) throw new CaptureError(`${name} needs the feed ${feed}`)
      if (tensor.dtype !== dtype || tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis]))
        throw new CaptureError(
          `${name} was captured with ${feed} of shape [${shape}] and type ${dtype}, not [${tensor.shape}] and ${tensor.dtype}`,
        )
      inputs.push(tensor)
    }
    const names = [...captured.feeds.values()].map(({ node }) => node)
    return this.call(inputs, names, captured.fetches)
  }

  /** Values of variables, by default of all; the caller owns the tensors. */
  read(names: Iterable<string> = this.variables.keys()): Tensors {
    const read = (chunk: string[]): Tensors => this.call([], [], new Map(chunk.map((name) => [name, `state/get/${name}`])))
    return Object.assign({}, ...chunksOf([...names]).map(read)) as Tensors
  }

  /** Sets variables; the tensors stay the caller's. */
  write(values: Tensors): void {
    const names = Object.keys(values)
    if (names.length === 0) return
    for (const name of names) {
      const variable = this.variables.get(name)
      if (!variable) throw new CaptureError(`there is no variable ${name}`)
      const { shape } = values[name]!
      if (shape.length !== variable.shape.length || shape.some((size, axis) => size !== variable.shape[axis]))
        throw new CaptureError(`the variable ${name} has shape [${variable.shape}], not [${shape}]`)
    }
    for (const chunk of chunksOf(names)) {
      const done = this.call(
        chunk.map((name) => values[name]!),
        chunk.map((name) => `state/value/${name}`),
        new Map(chunk.map((name) => [name, `state/done/${name}`])),
      )
      for (const tensor of Object.values(done)) tensor.dispose()
    }
  }

  /** Frees the session and its variables. */
  dispose(): void {
    if (!this.disposed) this.backend.binding.deleteSavedModel(this.id)
    this.disposed = true
  }

  private call(inputs: Tensor[], inputNames: string[], fetches: ReadonlyMap<string, string>): Tensors {
    if (this.disposed) throw new CaptureError('this program has been disposed of')
    const ports = (names: Iterable<string>): string => [...names].map((name) => `${name}:0`).join(',')
    const ids = this.backend.getInputTensorIds(inputs)
    const results = this.backend.binding.runSavedModel(this.id, ids, ports(inputNames), ports(fetches.values()))
    return Object.fromEntries([...fetches.keys()].map((name, at) => [name, this.backend.createOutputTensor(results[at]!)]))
  }
}
