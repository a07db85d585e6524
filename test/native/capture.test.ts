import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { CapturableBackend } from '../../src-main/engine/capture/binding.js'
import { capturableBackend } from '../../src-main/engine/capture/binding.js'
import { ProgramBuilder, type Outcome, type Tensors } from '../../src-main/engine/capture/program.js'
import { batchNorm, normalise } from '../../src-main/numeric/batch-norm.js'
import { engineReport, normalTensor, relative, tf } from './support.js'

const backend = (): CapturableBackend => capturableBackend(tf.backend())!
const bits = (tensor: tf.Tensor): string => createHash('sha256').update(new Uint8Array(tensor.dataSync().slice().buffer)).digest('hex')
const release = (...all: Tensors[]): void => tf.dispose(all.flatMap((tensors) => Object.values(tensors)))

/** Captures a function without variables, runs the graph on other values, and returns the eager and the graph's results. */
function both(feeds: Tensors, f: (feeds: Tensors) => Tensors, fused = false): { eager: Tensors; graph: Tensors; dispose(): void } {
  const builder = new ProgramBuilder(backend(), fused)
  const { fetch } = builder.capture('f', feeds, {}, (): Outcome => ({ fetch: tf.tidy(() => f(feeds)) }))
  release(fetch)
  const program = builder.load()
  const other = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, dtype }]) => [name, tf.tidy(() => tf.cast(normalTensor(shape, `other/${name}`), dtype))]),
  )
  const [eager, graph] = [tf.tidy(() => f(other)), program.run('f', other)]
  return {
    eager,
    graph,
    dispose: () => {
      program.dispose()
      release(other, eager, graph)
    },
  }
}

const image = (name: string, shape = [2, 6, 6, 4]): tf.Tensor => normalTensor(shape, name)

/** The operations of the project, each as a function of x [2,6,6,4] and w [3,3,4,4]. */
const KERNELS: Record<string, (x: tf.Tensor4D, w: tf.Tensor4D) => Tensors> = {
  'arithmetic with constants': (x) => ({ y: tf.sub(tf.mul(tf.add(x, 2), -0.5), tf.neg(tf.square(x))) }),
  division: (x) => ({ y: tf.div(x, tf.add(tf.abs(x), 1)) }),
  'convolution, strides and padding': (x, w) => ({ y: tf.conv2d(x, w, 1, 'same'), half: tf.conv2d(x, w, 2, 'same') }),
  'transposed convolution': (x, w) => ({ y: tf.conv2dTranspose(x, w, [2, 6, 6, 4], 1, 'same') }),
  'gradients of a convolution': (x, w) => {
    const [dx, dw] = tf.grads((a, b) => tf.sum(tf.square(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, 'same'))))([x, w])
    return { dx: dx!, dw: dw! }
  },
  'several outputs': (x) => Object.fromEntries(tf.split(x, 2, -1).map((part, at) => [String(at), part])),
  'lists of tensors': (x) => ({ y: tf.concat([x, tf.neg(x)], -1), z: tf.addN([x, x, x]), s: tf.stack([x, x]) }),
  'shapes and axes': (x) => ({
    y: tf.transpose(tf.reshape(x, [2, 36, 4]), [2, 0, 1]),
    r: tf.reverse(x, [1, 2]),
    p: tf.pad(x, [
      [0, 0],
      [1, 1],
      [0, 0],
      [0, 3],
    ]),
  }),
  reductions: (x) => ({
    sum: tf.sum(x, [0, 1, 2]),
    mean: tf.mean(x, [1, 2], true),
    max: tf.max(x),
    arg: tf.argMax(tf.reshape(x, [12, 24]), 1),
  }),
  'integers and booleans': (x) => ({ y: tf.cast(tf.equal(tf.argMax(tf.reshape(x, [12, 24]), 1), tf.range(0, 12, 1, 'int32')), 'float32') }),
  'one-hot and soft maximum': (x) => ({
    y: tf.mul(tf.cast(tf.oneHot(tf.range(0, 12, 1, 'int32') as tf.Tensor1D, 24), 'float32'), tf.logSoftmax(tf.reshape(x, [12, 24]))),
  }),
  activations: (x) => ({
    relu: tf.relu(x),
    tanh: tf.tanh(x),
    sigmoid: tf.sigmoid(x),
    elu: tf.elu(x),
    softplus: tf.softplus(x),
    selu: tf.selu(x),
  }),
  'gradients of activations': (x) => ({ y: tf.grad((a) => tf.sum(tf.add(tf.relu(a), tf.add(tf.tanh(a), tf.elu(a)))))(x) }),
  'pooling and its gradient': (x) => ({
    y: tf.avgPool(x, 2, 2, 'valid'),
    dx: tf.grad((a) => tf.sum(tf.square(tf.avgPool(a as tf.Tensor4D, 2, 2, 'valid'))))(x),
  }),
  matrices: (x) => ({ y: tf.matMul(tf.reshape(x, [12, 24]), tf.reshape(x, [24, 12])) }),
  'zeros and ones as large as an activation': (x) => ({
    y: tf.add(tf.zerosLike(x), tf.mul(tf.sum(x), tf.ones([200, 200]).slice([0, 0], [1, 1]).reshape([]))),
  }),
  'roots and clipping': (x) => ({
    y: tf.rsqrt(tf.add(tf.square(x), 1)),
    m: tf.minimum(x, 0.5),
    n: tf.maximum(x, 0.1),
    q: tf.sqrt(tf.abs(x)),
  }),
}

describe.runIf(engineReport.engine === 'native')('capture', () => {
  let before = 0
  beforeEach(() => {
    before = tf.memory().numTensors
  })

  test.each(Object.entries(KERNELS))('%s: the graph gives the bits of the eager run', (_, kernel) => {
    const feeds = { x: image('x'), w: image('w', [3, 3, 4, 4]) }
    const { eager, graph, dispose } = both(feeds, ({ x, w }) => kernel(x as tf.Tensor4D, w as tf.Tensor4D))
    expect(Object.keys(graph)).toEqual(Object.keys(eager))
    for (const [name, value] of Object.entries(eager)) {
      expect(graph[name]!.shape).toEqual(value.shape)
      expect(graph[name]!.dtype).toBe(value.dtype)
      expect(bits(graph[name]!)).toBe(bits(value))
    }
    dispose()
    release(feeds)
    expect(tf.memory().numTensors).toBe(before)
  })

  test('variables keep their values between calls, can be read and set, and several functions share them', () => {
    const builder = new ProgramBuilder(backend())
    const [v, by] = [tf.tensor1d([1, 2]), tf.scalar(10)]
    builder.declare({ 'group/v': v })
    const grow = builder.capture('grow', { by }, { 'group/v': v }, () => {
      const next = tf.add(v, by)
      return { fetch: { before: tf.clone(v), next: tf.mul(next, 1) }, assign: { 'group/v': next } }
    })
    const total = builder.capture('total', {}, { 'group/v': v }, () => ({ fetch: { sum: tf.sum(v) } }))
    release(grow.fetch, grow.assign, total.fetch)
    const program = builder.load()
    program.write({ 'group/v': v })
    const first = program.run('grow', { by })
    const second = program.run('grow', { by })
    const sum = program.run('total', {})
    expect([...first.before!.dataSync()]).toEqual([1, 2])
    expect([...second.before!.dataSync()]).toEqual([11, 12])
    expect([...second.next!.dataSync()]).toEqual([21, 22])
    expect(sum.sum!.dataSync()[0]).toBe(43)
    const read = program.read()
    expect([...read['group/v']!.dataSync()]).toEqual([21, 22])
    // Values that have been read do not change with the variable.
    release(program.run('grow', { by }))
    expect([...read['group/v']!.dataSync()]).toEqual([21, 22])
    program.dispose()
    release(first, second, sum, read)
    tf.dispose([v, by])
    expect(tf.memory().numTensors).toBe(before)
    expect(() => program.run('total', {})).toThrow(/disposed/)
  })

  test('variables of one shape can share one of the session: read, assigned and set by their own names', () => {
    const builder = new ProgramBuilder(backend())
    const by = tf.scalar(10)
    const v: Tensors = { a: tf.tensor1d([1, 2]), b: tf.tensor1d([3, 4]), c: tf.tensor1d([5, 6]), alone: tf.scalar(7) }
    builder.declare(v, [['b', 'a', 'c']])
    const together = builder.capture('together', { by }, v, () => {
      const next = tf.tidy(() => tf.unstack(tf.add(tf.stack([v.b!, v.a!, v.c!]), by)))
      return { fetch: { a: tf.mul(v.a!, 1) }, assign: { b: next[0]!, a: next[1]!, c: next[2]! } }
    })
    // Neither in order nor all from one array.
    const turned = builder.capture('turned', {}, v, () => ({
      fetch: { done: tf.scalar(1) },
      assign: { b: v.c!, a: tf.neg(v.a!), c: v.b! },
    }))
    expect(builder.operations('together').filter((op) => /pack|Variable/i.test(op))).toEqual([
      'ReadVariableOp',
      'Unpack',
      'AssignVariableOp',
    ])
    expect(() => builder.capture('part', {}, v, () => ({ fetch: {}, assign: { a: v.b! } }))).toThrow(/only 1 of the 3 parts/)
    const program = builder.load()
    expect(() => program.write({ a: v.a!, b: v.b! })).toThrow(/c shares its stack/)
    expect(() => program.write({ ...v, a: v.alone! })).toThrow(/a has shape \[2\], not \[\]/)
    program.write(v)
    const first = program.run('together', { by })
    release(program.run('turned', {}))
    const read = program.read()
    const values = Object.fromEntries(Object.entries(read).map(([name, tensor]) => [name, [...tensor.dataSync()]]))
    expect([...first.a!.dataSync()]).toEqual([1, 2])
    expect(values).toEqual({ a: [-11, -12], b: [15, 16], c: [13, 14], alone: [7] })
    program.dispose()
    tf.dispose([by, first, read, v, together.assign, (turned.assign as Tensors).a!])
    release(together.fetch, turned.fetch)
    expect(tf.memory().numTensors).toBe(before)
  })

  test('stacks of different shapes, and variables declared twice, are refused', () => {
    const [a, b] = [tf.scalar(1), tf.tensor1d([1])]
    expect(() => new ProgramBuilder(backend()).declare({ a, b }, [['a', 'b']])).toThrow(/different shapes/)
    expect(() => new ProgramBuilder(backend()).declare({ a, b }, [['a'], ['a']])).toThrow(/two variables are called a/)
    expect(() => new ProgramBuilder(backend()).declare({ a, b }, [['a', 'd']])).toThrow(/no variable d/)
    tf.dispose([a, b])
  })

  const capture = (feeds: Tensors, body: () => Tensors): (() => unknown) => {
    return () => new ProgramBuilder(backend()).capture('f', feeds, {}, () => ({ fetch: body() }))
  }

  test('what cannot be captured is refused with the name of the operation, and the back end works as before', () => {
    const x = image('x')
    // Computed, so that TensorFlow holds it and tfjs does not.
    const large = tf.tidy(() => tf.neg(image('large', [40, 40, 4, 4])))
    tf.tidy(() => {
      expect(capture({ x }, () => ({ y: tf.scalar(tf.relu(x).dataSync()[0]!) }))).toThrow(/result of Relu is read back/)
      expect(
        capture({ x }, () => ({
          y: tf.add(
            x,
            tf
              .tensor(
                Float32Array.from({ length: 288 * 100 }, (_, i) => i),
                [100, 288],
              )
              .sum(),
          ),
        })),
      ).toThrow(/Sum uses a constant of 115200 bytes/)
      expect(capture({ x }, () => ({ y: tf.add(x, large.sum()) }))).toThrow(/Sum uses a tensor from outside/)
      expect(capture({ x }, () => ({ y: tf.unique(tf.reshape(x, [-1])).values }))).toThrow(
        /UniqueV2 cannot be captured: the shape of its result/,
      )
      expect(capture({ x }, () => (capture({ x }, () => ({ y: x }))(), { y: x }))).toThrow(/cannot be nested/)
      expect(tf.add(x, 1).shape).toEqual(x.shape)
    })
    tf.dispose([x, large])
    expect(tf.memory().numTensors).toBe(before)
  })

  test('a call with other feeds than the captured ones is refused', () => {
    const x = image('x')
    const builder = new ProgramBuilder(backend())
    release(builder.capture('f', { x }, {}, () => ({ fetch: { y: tf.neg(x) } })).fetch)
    const program = builder.load()
    expect(() => program.run('f', {})).toThrow(/needs the feed x/)
    const [shape, type] = [tf.zeros([1, 6, 6, 4]), tf.zeros([2, 6, 6, 4], 'int32')]
    expect(() => program.run('f', { x: shape })).toThrow(/\[2,6,6,4\].*not \[1,6,6,4\]/)
    expect(() => program.run('f', { x: type })).toThrow(/float32, not .* int32/)
    expect(() => program.run('g', {})).toThrow(/no function g/)
    program.dispose()
    tf.dispose([x, shape, type])
  })

  test('tidies inside a captured function free what they made, and the same function can be captured twice', () => {
    const x = image('x')
    const builder = new ProgramBuilder(backend())
    const f = (): Outcome => ({ fetch: { y: tf.tidy(() => tf.relu(tf.tidy(() => tf.neg(tf.tidy(() => tf.mul(x, 2)))))) } })
    release(builder.capture('a', { x }, {}, f).fetch, builder.capture('b', { x }, {}, f).fetch)
    expect(() => builder.capture('a', { x }, {}, f)).toThrow(/two functions are called a/)
    const program = builder.load()
    const [a, b] = [program.run('a', { x }), program.run('b', { x })]
    expect(bits(a.y!)).toBe(bits(b.y!))
    program.dispose()
    release(a, b)
    x.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  /** Patterns that are replaced by fused kernels, on x [2,6,6,4], w [3,3,4,4] and b [4]. */
  const FUSIBLE: Record<string, (x: tf.Tensor4D, w: tf.Tensor4D, b: tf.Tensor) => tf.Tensor> = {
    'bias and ReLU after a convolution': (x, w, b) => tf.relu(tf.add(tf.conv2d(x, w, 1, 'same'), b)),
    'bias after a convolution': (x, w, b) => tf.tanh(tf.add(tf.conv2d(x, w, 1, 'same'), b)),
    'a scaled convolution added to a state': (x, w) => tf.add(x, tf.mul(tf.conv2d(x, w, 1, 'same'), 0.3)),
    'a scaled adjoint taken from a state': (x, w) => tf.sub(x, tf.mul(tf.conv2dTranspose(x, w, [2, 6, 6, 4], 1, 'same'), 0.3)),
    'a Hamiltonian step': (x, w, b) =>
      tf.sub(x, tf.mul(tf.conv2dTranspose(tf.relu(tf.add(tf.conv2d(x, w, 1, 'same'), b)) as tf.Tensor4D, w, [2, 6, 6, 4], 1, 'same'), 0.1)),
    'a midpoint step': (x, w, b) => tf.add(x, tf.mul(tf.relu(tf.add(tf.conv2d(x, w, 1, 'same'), b)), 0.2)),
    'a sum of products with one constant': (x, w) => tf.add(tf.mul(tf.tanh(x), 0.3), tf.mul(tf.conv2d(x, w, 1, 'same'), 0.3)),
    'a sum of products with two constants': (x, w) => tf.add(tf.mul(tf.tanh(x), 0.3), tf.mul(tf.relu(tf.conv2d(x, w, 1, 'same')), 0.7)),
    'a scaled state that a convolution reads': (x, w) => tf.conv2d(tf.mul(x, 0.3), w, 1, 'same'),
    'batch norm and ReLU': (x, w, b) => tf.relu(batchNorm(tf.conv2d(x, w, 1, 'same'), tf.add(b, 2), b)),
    'a normalised midpoint step': (x, w, b) => tf.add(x, tf.mul(tf.relu(batchNorm(tf.conv2d(x, w, 1, 'same'), tf.sub(b, 2), b)), 0.6)),
    'batch norm whose cotangent is scaled': (x, w, b) => tf.mul(batchNorm(tf.conv2d(x, w, 1, 'same'), tf.add(b, 2), b), 0.6),
  }

  test('fused: a norm that is evaluated again takes the statistics of its first evaluation, and its gradient goes through them', () => {
    const feeds = { x: image('x'), gamma: image('gamma', [4]), beta: image('beta', [4]) }
    // The second evaluation has another state here, which reveals whose statistics were used.
    const again = ({ x, gamma, beta }: Tensors, factor: number): Tensors => {
      const first = batchNorm(x!, gamma!, beta!, () => undefined)
      const state = tf.mul(x!, factor)
      const { value, grads } = tf.valueAndGrads((x, g, b) => tf.sum(tf.mul(tf.cos(batchNorm(x, g, b)), first)))([state, gamma!, beta!])
      return { first, value, second: batchNorm(state, gamma!, beta!), dx: grads[0]!, dgamma: grads[1]!, dbeta: grads[2]! }
    }
    const same = both(feeds, (tensors) => again(tensors, 1), true)
    for (const [name, value] of Object.entries(same.eager)) expect(relative(same.graph[name]!, value)).toBeLessThan(1e-5)
    const other = both(feeds, (tensors) => again(tensors, 2), true)
    const expected = tf.tidy(() => {
      const x = tf.cast(normalTensor([2, 6, 6, 4], 'other/x'), 'float32')
      const { mean, variance } = tf.moments(x, [0, 1, 2])
      return normalise(tf.mul(x, 2), normalTensor([4], 'other/gamma'), normalTensor([4], 'other/beta'), mean, variance)
    })
    expect(relative(other.graph.second!, expected)).toBeLessThan(1e-5)
    same.dispose()
    other.dispose()
    release(feeds, { expected })
    expect(tf.memory().numTensors).toBe(before)
  })

  test('fused: ReLU of a normalised step takes no pass of its own', () => {
    const feeds = { x: image('x'), w: image('w', [3, 3, 4, 4]), b: image('b', [4]) }
    const builder = new ProgramBuilder(backend(), true)
    const f = FUSIBLE['a normalised midpoint step']!
    const { fetch } = builder.capture('f', feeds, {}, () => ({
      fetch: tf.tidy(() => {
        const { value, grads } = tf.valueAndGrads((x, w) => tf.sum(tf.square(f(x as tf.Tensor4D, w as tf.Tensor4D, feeds.b))))([
          feeds.x,
          feeds.w,
        ])
        return { value, dx: grads[0]!, dw: grads[1]! }
      }),
    }))
    expect(builder.operations('f').filter((op) => /Relu|BatchNorm/.test(op))).toEqual([
      '_FusedBatchNormEx',
      'ReluGrad',
      'FusedBatchNormGradV3',
    ])
    release(fetch, feeds)
    expect(tf.memory().numTensors).toBe(before)
  })

  test.each(Object.entries(FUSIBLE))('fused: %s, with its gradients, agrees to 1e-6 and takes fewer operations', (_, f) => {
    const feeds = { x: image('x'), w: image('w', [3, 3, 4, 4]), b: image('b', [4]) }
    const step = ({ x, w, b }: Tensors): Tensors => {
      const value = f(x as tf.Tensor4D, w as tf.Tensor4D, b!)
      const gradients = tf.grads((x, w, b) => tf.add(f(x as tf.Tensor4D, w as tf.Tensor4D, b!), tf.mul(tf.sum(b!), 0)))([x!, w!, b!])
      return { value, dx: gradients[0]!, dw: gradients[1]!, db: gradients[2]! }
    }
    const { eager, graph, dispose } = both(feeds, step, true)
    for (const [name, value] of Object.entries(eager)) {
      const scale = tf.tidy(() => Math.max(1, tf.max(tf.abs(value)).dataSync()[0]!))
      const error = tf.tidy(() => tf.max(tf.abs(tf.sub(graph[name]!, value))).dataSync()[0]!)
      expect(error / scale).toBeLessThan(1e-6)
    }
    dispose()
    const nodes = [false, true].map((fused) => {
      const builder = new ProgramBuilder(backend(), fused)
      release(
        builder.capture('f', feeds, {}, () => ({
          fetch: tf.tidy(() => ({ value: f(feeds.x as tf.Tensor4D, feeds.w as tf.Tensor4D, feeds.b) })),
        })).fetch,
      )
      return builder.operations('f').filter((op) => !['Const', 'ReverseV2', 'Transpose'].includes(op)).length
    })
    expect(nodes[1]).toBeLessThanOrEqual(nodes[0]!)
    release(feeds)
    expect(tf.memory().numTensors).toBe(before)
  })
})
