(globalThis as any).DBG = 0
import { test } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import { RunConfigSchema } from '../../src-main/contract/config.js'
import { openEngine } from '../../src-main/engine/open.js'
import { ProgramBuilder } from '../../src-main/engine/capture/program.js'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { presets } from '../../src-main/numeric/presets.js'
import { nominalConfig } from '../../src-main/numeric/describe.js'
import { initialState } from '../../src-main/numeric/state.js'
import { trainStep } from '../../src-main/numeric/train-step.js'
import { normalTensor } from './support.js'

await openEngine()
const env = process.env
test('scratch', () => {
  const name = env.P ?? 'hamiltonian-74'
  const preset = presets.find((p) => p.name === name)!
  const nominal = nominalConfig(preset)
  const stages = nominal.stages.map((s) => ({ ...s, units: s.units * Number(env.U ?? 1) }))
  const config = RunConfigSchema.parse({ ...preset.config, ...nominal, stages, mode: env.M ?? (name.startsWith('resnet') ? 'stored' : 'reversible'), batch: Number(env.B ?? 100), preset: name, dataset: 'x' })
  const network = buildNetwork(config)
  const state = initialState(network, config)
  const images = normalTensor([config.batch, 32, 32, 3], 'i')
  const labels = tf.tensor(Int32Array.from({ length: config.batch }, (_, i) => i % 10), [config.batch], 'int32')
  const lr = tf.scalar(0.01)
  const all = () => ({ ...pre('params/', state.params), ...pre('stats/', state.statistics), ...pre('', state.slots) })
  const pre = (p: string, named: Record<string, tf.Tensor>) => Object.fromEntries(Object.entries(named).map(([k, v]) => [p + k, v]))
  let t = performance.now()
  const lap = (label: string) => { const now = performance.now(); console.log(label, Math.round(now - t), 'ms'); t = now }
  const eager = (label: string) => { const r = trainStep(network, state, { images, labels }, { ...config, anchorEvery: 0 }, lr); r.crossEntropy.dataSync(); tf.dispose(Object.values(r)); lap(label) }
  if (!env.NOEAGER) { eager('eager1'); eager('eager2') }
  const before = Object.fromEntries(Object.entries(all()).map(([k, v]) => [k, v.clone()]))
  const builder = new ProgramBuilder(tf.backend() as never, !!env.F)
  builder.declare(before)
  const out = builder.capture('train', { images, labels, lr }, before, () => {
    const r = trainStep(network, state, { images, labels }, { ...config, anchorEvery: 0 }, lr)
    return { fetch: { loss: r.crossEntropy, total: r.total, norm: r.gradientNorm }, assign: all() }
  })
  lap('capture')
  if (env.OPS) { const h: Record<string, number> = {}; for (const n of (globalThis as any).NODES ?? []) h[n.op] = (h[n.op] ?? 0) + 1; console.log(JSON.stringify(h)) }
  console.log('nodes', builder.nodeCount, 'bytes', builder.bytes)
  const program = builder.load()
  lap('load')
  program.write(before)
  lap('write')
  const times: number[] = []
  for (let i = 0; i < Number(env.N ?? 6); i++) {
    const s = performance.now()
    const f = program.run('train', { images, labels, lr })
    const loss = f.loss!.dataSync()[0]
    times.push(performance.now() - s)
    if (i === 0) {
      console.log('loss', loss, out.fetch.loss.dataSync()[0])
      const now = program.read()
      let differ = 0, worst = 0, worstName = ''
      for (const [k, v] of Object.entries(all())) { const a = now[k]!.dataSync(), b = v.dataSync(); if (!Buffer.from(a.buffer).equals(Buffer.from(b.buffer))) differ++; let m = 0, e = 0; const w = before[k]!.dataSync(); for (let q = 0; q < a.length; q++) { m = Math.max(m, Math.abs(b[q]! - w[q]!)); e = Math.max(e, Math.abs(a[q]! - b[q]!)) } if (k.startsWith('velocity') && m > 0 && e / m > worst) { worst = e / m; worstName = k } }
      console.log('different tensors', differ, 'of', Object.keys(now).length, 'worst displacement', worst, worstName)
      tf.dispose(now)
    }
    tf.dispose(Object.values(f))
  }
  console.log('times', times.map((x) => Math.round(x)))
  const med = [...times.slice(1)].sort((a, b) => a - b)[(times.length - 1) >> 1]!
  console.log(name, config.mode, 'images/s', (config.batch / med * 1000).toFixed(1), 'rss', Math.round(process.memoryUsage.rss() / 2 ** 20))
}, 1e6)
