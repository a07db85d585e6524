import { test } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import { openEngine } from '../../src-main/engine/open.js'
import { ProgramBuilder } from '../../src-main/engine/capture/program.js'
import { batchNorm } from '../../src-main/numeric/batch-norm.js'
import { normalTensor } from './support.js'
await openEngine()
const rel = (a: tf.Tensor, b: tf.Tensor) => tf.tidy(() => tf.div(tf.max(tf.abs(tf.sub(a, b))), tf.max(tf.abs(b))).dataSync()[0])
test('bn', () => {
  for (const shape of [[10, 32, 32, 16], [10, 8, 8, 64], [100, 16, 16, 32]]) {
  const c = shape[3]!
  const x = normalTensor(shape, 'x'), dy = normalTensor(shape, 'dy'), gamma = normalTensor([c], 'g'), beta = normalTensor([c], 'b')
  const f = () => { let m: tf.Tensor, v: tf.Tensor
    const { value, grad } = (() => { const g = tf.grads((x, gamma, beta) => batchNorm(x!, gamma!, beta!)); return { value: batchNorm(x, gamma, beta, (a, b) => { m = tf.keep(a); v = tf.keep(b) }), grad: g([x, gamma, beta], dy) } })()
    return { fetch: { value, dx: grad[0]!, dg: grad[1]!, db: grad[2]!, m: m!, v: v! } } }
  const want = f().fetch
  const b = new ProgramBuilder(tf.backend() as never, true)
  b.capture('f', { x, dy, gamma, beta }, {}, f)
  const p = b.load()
  const got = p.run('f', { x, dy, gamma, beta })
  console.log(shape.join('x'), Object.keys(want).map((k) => k + ' ' + rel(got[k]!, (want as any)[k])!.toExponential(1)).join('  '))
  }
})
