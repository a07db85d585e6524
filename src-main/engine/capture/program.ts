import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { CapturableBackend } from './binding.js'
import { encodeNode, encodeSavedModel } from './graph-def.js'
import { fuse } from './fuse.js'
import { inOrder, withoutDead, type RecordedNode } from './recorded-graph.js'
import { CaptureError } from './capture-error.js'
import { Recorder } from './recorder.js'
import { Variables } from './variables.js'

export type Tensors = Record<string, Tensor>

/** The outputs of a captured function: results to fetch, and new values of variables. */
export interface Outcome {
  fetch: Tensors
  assign?: Tensors
}

interface CapturedFunction {
  feeds: Map<string, { node: string; shape: number[]; dtype: Tensor['dtype'] }>
  fetches: Map<string, string>
  operations: string[]
}

/** Collects captured functions over one set of variables; `load` turns them into a program. */
export class ProgramBuilder {
  private readonly nodes: Uint8Array[] = []
  private readonly functions = new Map<string, CapturedFunction>()
  private readonly variables: Variables

  /** @param fused whether to merge operations into fewer passes over memory (fuse.ts), which changes the rounding of results */
  constructor(
    private readonly backend: CapturableBackend,
    private readonly fused = false,
  ) {
    this.variables = new Variables(backend.binding)
  }

  /**
   * Declares the variables of the program, once.
   * @param variables examples of their values
   * @param stacks names of variables of equal shape that TensorFlow stores as one
   */
  declare(variables: Tensors, stacks: readonly (readonly string[])[] = []): void {
    this.variables.declare(variables, stacks)
    this.nodes.push(...this.variables.handles())
  }

  /**
   * Runs `body` once, as usual, and records it.
   * @param feeds tensors that are passed anew to every run
   * @param variables tensors that represent variables while `body` runs
   * @returns what `body` returned; the caller owns its tensors
   * @throws CaptureError naming the operation that cannot be captured
   */
  capture<T extends Outcome>(name: string, feeds: Tensors, variables: Tensors, body: () => T): T {
    if (this.functions.has(name)) throw new CaptureError(`two functions are called ${name}`)
    const recorder = new Recorder(this.backend, name, this.fused)
    const captured: CapturedFunction = { feeds: new Map(), fetches: new Map(), operations: [] }
    for (const [feed, tensor] of Object.entries(feeds))
      captured.feeds.set(feed, { node: recorder.feed(feed, tensor).node, shape: tensor.shape, dtype: tensor.dtype })
    this.variables.check(Object.keys(variables))
    for (const variable of this.variables.all) recorder.variable(variable, Variables.tensorsOf(variable, variables))
    const outcome = recorder.run(() => {
      const result = body()
      const assigned = result.assign ?? {}
      this.variables.check(Object.keys(assigned))
      for (const variable of this.variables.all) recorder.assign(variable, Variables.tensorsOf(variable, assigned))
      for (const [fetch, tensor] of Object.entries(result.fetch)) captured.fetches.set(fetch, recorder.fetch(fetch, tensor))
      return result
    })
    const live = (nodes: readonly RecordedNode[]): RecordedNode[] => withoutDead(nodes, new Set(captured.fetches.values()))
    const recorded = this.fused ? live(fuse(live(recorder.nodes), name)) : live(recorder.nodes)
    for (const node of inOrder(recorded)) this.nodes.push(encodeNode(node))
    captured.operations = recorded.map(({ op }) => op)
    this.functions.set(name, captured)
    return outcome
  }

  /** Operations of a captured function in the order of execution. */
  operations(name: string): readonly string[] {
    return this.functions.get(name)?.operations ?? []
  }

  /** Size of the graph so far in bytes. */
  get bytes(): number {
    return this.nodes.reduce((sum, node) => sum + node.length, 0)
  }

  get nodeCount(): number {
    return this.nodes.length
  }

  /** Loads everything captured as one session. The variables have no values before the first `write`. */
  load(): Program {
    const folder = mkdtempSync(join(tmpdir(), 'retrace-graph-'))
    try {
      writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel([...this.nodes, ...this.variables.ports()]))
      const id = this.backend.binding.loadSavedModel(folder, 'serve')
      return new Program(this.backend, id, this.functions, this.variables)
    } finally {
      rmSync(folder, { recursive: true, force: true })
      this.nodes.length = 0
    }
  }
}

/** Captured functions that run as one native call each, over variables that stay in TensorFlow's session. */
export class Program {
  private disposed = false

  constructor(
    private readonly backend: CapturableBackend,
    private readonly id: number,
    private readonly functions: ReadonlyMap<string, CapturedFunction>,
    private readonly variables: Variables,
  ) {}

  /**
   * Runs a captured function.
   * @param feeds every declared feed, of the captured shape and type
   * @returns the fetched tensors; the caller owns them
   */
  run(name: string, feeds: Tensors): Tensors {
    const captured = this.functions.get(name)
    if (!captured) throw new CaptureError(`no function ${name} was captured`)
    const inputs = new Map<string, Tensor>()
    for (const [feed, { node, shape, dtype }] of captured.feeds) {
      const tensor = feeds[feed]
      if (!tensor) throw new CaptureError(`${name} needs the feed ${feed}`)
      if (tensor.dtype !== dtype || tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis]))
        throw new CaptureError(
          `${name} was captured with ${feed} of shape [${shape}] and type ${dtype}, not [${tensor.shape}] and ${tensor.dtype}`,
        )
      inputs.set(node, tensor)
    }
    return this.call(inputs, captured.fetches)
  }

  /**
   * Values of variables; the caller owns the tensors.
   * @param wanted selects variables by the name with which they were declared, or that of a part of a stack; by default all
   */
  read(wanted: (name: string) => boolean = () => true): Tensors {
    return this.variables.read(wanted, (feeds, fetches) => this.call(feeds, fetches))
  }

  /** Sets variables, stacks as a whole; the caller keeps the tensors. */
  write(values: Tensors): void {
    this.variables.write(values, (feeds, fetches) => this.call(feeds, fetches))
  }

  /** Frees the session and its variables. */
  dispose(): void {
    if (!this.disposed) this.backend.binding.deleteSavedModel(this.id)
    this.disposed = true
  }

  private call(feeds: ReadonlyMap<string, Tensor>, fetches: ReadonlyMap<string, string>): Tensors {
    if (this.disposed) throw new CaptureError('this program has been disposed of')
    const ports = (names: Iterable<string>): string => [...names].map((name) => `${name}:0`).join(',')
    const ids = this.backend.getInputTensorIds([...feeds.values()])
    const results = this.backend.binding.runSavedModel(this.id, ids, ports(feeds.keys()), ports(fetches.values()))
    return Object.fromEntries([...fetches.keys()].map((name, at) => [name, this.backend.createOutputTensor(results[at]!)]))
  }
}
