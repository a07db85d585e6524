import { shapeProto, type AttrValue, type NodeDef } from './graph-def.js'

/** A node as recorded, with the shapes of its outputs; the list is in execution order. */
export interface RecordedNode extends NodeDef {
  shapes: number[][]
}

/** Nodes that are not ordered, because they do no work or may run at any time. */
const UNORDERED = new Set(['Placeholder', 'Const', 'VarHandleOp'])

/** Turns the order of the list into control dependencies, each node after the previous one. */
export function inOrder(nodes: readonly RecordedNode[]): NodeDef[] {
  let last: string | null = null
  return nodes.map(({ name, op, input, attr }) => {
    if (UNORDERED.has(op)) return { name, op, input, attr }
    const after: string[] = last === null || input.some((each) => nodeOf(each) === last) ? [] : [`^${last}`]
    last = name
    return { name, op, input: [...input, ...after], attr }
  })
}

/** Operations with effects other than their output. */
const EFFECTS = new Set(['AssignVariableOp', 'Placeholder'])

/**
 * Removes nodes on which no result and no variable depends: tfjs's tape computes the gradient of every input, including constants and
 * images, and the control dependencies would make the graph compute them.
 * @param results names of the nodes that are fetched
 */
export function withoutDead(nodes: readonly RecordedNode[], results: ReadonlySet<string>): RecordedNode[] {
  const needed = new Set(results)
  const kept: RecordedNode[] = []
  for (const node of [...nodes].reverse()) {
    if (!EFFECTS.has(node.op) && !needed.has(node.name)) continue
    kept.push(node)
    for (const input of node.input) needed.add(nodeOf(input))
  }
  return kept.reverse()
}

const isType = (value: AttrValue | undefined, type: number): boolean => value !== undefined && 'type' in value && value.type === type

const nodeOf = (input: string): string => input.split(':')[0]!

/** A recorded function that rules can rewrite. */
export class RecordedGraph {
  private readonly byName = new Map<string, RecordedNode>()
  private readonly users = new Map<string, Set<RecordedNode>>()
  /** Nodes inserted before the one with that name, and after it. */
  private readonly before = new Map<string, RecordedNode[]>()
  private readonly after = new Map<string, RecordedNode[]>()
  /** Constants created by rules, by their content; they come first. */
  private readonly constants = new Map<string, RecordedNode>()
  private readonly position = new Map<string, number>()
  private added = 0

  constructor(
    private order: RecordedNode[],
    private readonly prefix: string,
  ) {
    order.forEach((node, at) => {
      this.position.set(node.name, at)
      this.enter(node)
    })
  }

  /** In execution order, without later insertions and removals by rules. */
  get nodes(): readonly RecordedNode[] {
    return this.order.filter(({ name }) => this.byName.has(name))
  }

  node(input: string): RecordedNode | undefined {
    return this.byName.get(nodeOf(input))
  }

  shape(input: string): number[] | undefined {
    return this.node(input)?.shapes[Number(input.split(':')[1] ?? 0)]
  }

  usersOf(name: string): RecordedNode[] {
    return [...(this.users.get(name) ?? [])]
  }

  /** The stack of which a tensor is a slice along the first axis, and the index of the slice. */
  partOf(input: string): { node: RecordedNode; whole: string; index: number } | null {
    const node = this.node(input)
    const { axis } = node?.attr ?? {}
    if (node?.op !== 'Unpack' || (axis && 'i' in axis && Number(axis.i) !== 0)) return null
    return { node, whole: node.input[0]!, index: Number(input.split(':')[1] ?? 0) }
  }

  /** The slices into which a stack was unstacked along its first axis, if it was. */
  partsOf(whole: string): string[] | undefined {
    const node = this.usersOf(nodeOf(whole)).find(({ name, input }) => input[0] === whole && this.partOf(name))
    return node?.shapes.map((_, at) => (at === 0 ? node.name : `${node.name}:${at}`))
  }

  /** The single user of a node with one output, or undefined. */
  onlyUser(name: string): RecordedNode | undefined {
    const all = this.usersOf(name)
    return all.length === 1 && all[0]!.input.filter((input) => nodeOf(input) === name).length === 1 ? all[0] : undefined
  }

  /** Whether `a` is executed before `b`. */
  isBefore(a: string, b: string): boolean {
    return (this.position.get(nodeOf(a)) ?? -1) < (this.position.get(nodeOf(b)) ?? -1)
  }

  /** The value of a scalar float constant, or undefined; also through casts to the same type, which tfjs's tape adds to factors. */
  scalar(input: string): number | undefined {
    const node = this.node(input)
    if (node?.op === 'Cast' && isType(node.attr.DstT, FLOAT) && isType(node.attr.SrcT, FLOAT)) return this.scalar(node.input[0]!)
    if (node?.op !== 'Const' || node.shapes[0]!.length !== 0) return undefined
    const value = node.attr.value as { tensor: { dtype: number; tensorContent: Uint8Array } }
    const { dtype, tensorContent } = value.tensor
    return dtype === FLOAT ? new DataView(tensorContent.buffer, tensorContent.byteOffset).getFloat32(0, true) : undefined
  }

  /** Inserts a new node just before `anchor` and returns its name. */
  insert(anchor: string, op: string, input: string[], attr: Record<string, AttrValue>, shape: number[]): string {
    return this.put(this.before, anchor, -0.5, { op, input, attr, shapes: [shape] })
  }

  /** Inserts a new node after `anchor` and after earlier insertions there. */
  insertAfter(anchor: string, node: Omit<RecordedNode, 'name'>): string {
    return this.put(this.after, anchor, 0, node)
  }

  private put(place: Map<string, RecordedNode[]>, anchor: string, offset: number, content: Omit<RecordedNode, 'name'>): string {
    const node: RecordedNode = { name: `${this.prefix}/f${++this.added}`, ...content }
    place.set(anchor, [...(place.get(anchor) ?? []), node])
    this.position.set(node.name, (this.position.get(anchor) ?? 0) + offset + this.added * 1e-7)
    this.enter(node)
    return node.name
  }

  /** A small constant, available to every node. */
  constant(shape: number[], values: Float32Array | Int32Array): string {
    const key = `${values.constructor.name}[${shape}]${values}`
    const made = this.constants.get(key)
    if (made) return made.name
    const dtype = values instanceof Float32Array ? FLOAT : INT32
    const tensor = { dtype, tensorShape: shapeProto(shape), tensorContent: new Uint8Array(values.buffer) }
    const attr = { dtype: { type: dtype }, value: { tensor } }
    const node: RecordedNode = { name: `${this.prefix}/f${++this.added}`, op: 'Const', input: [], attr, shapes: [shape] }
    this.constants.set(key, node)
    this.position.set(node.name, -1)
    this.enter(node)
    return node.name
  }

  /** Replaces the operation of a node, keeping its name and position. */
  become(node: RecordedNode, op: string, input: string[], attr: Record<string, AttrValue>): void {
    this.leave(node)
    Object.assign(node, { op, input, attr })
    this.enter(node)
  }

  /** Makes every user of `from` use `to`. */
  redirect(from: string, to: string, except?: RecordedNode): void {
    for (const user of this.usersOf(from)) {
      if (user === except) continue
      this.leave(user)
      user.input = user.input.map((input) => (input === from ? to : input))
      this.enter(user)
    }
  }

  /** Removes a node that nothing uses any more. */
  remove(node: RecordedNode): void {
    this.leave(node)
    this.byName.delete(node.name)
  }

  /** All nodes, in execution order. */
  finish(): RecordedNode[] {
    const out = [...this.constants.values()]
    const put = (node: RecordedNode): void => {
      for (const inserted of this.before.get(node.name) ?? []) put(inserted)
      if (this.byName.has(node.name)) out.push(node)
      for (const inserted of this.after.get(node.name) ?? []) put(inserted)
    }
    this.order.forEach(put)
    return out
  }

  private enter(node: RecordedNode): void {
    this.byName.set(node.name, node)
    for (const input of node.input) {
      const key = nodeOf(input)
      this.users.set(key, (this.users.get(key) ?? new Set()).add(node))
    }
  }

  private leave(node: RecordedNode): void {
    for (const input of node.input) this.users.get(nodeOf(input))?.delete(node)
  }
}

/** TensorFlow's type number of float32. */
export const FLOAT = 1
/** TensorFlow's type number of int32. */
export const INT32 = 3
