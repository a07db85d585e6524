import { describe, expect, test } from 'vitest'
import { capturableBackend } from '../../src-main/engine/capture/binding.js'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { initialState } from '../../src-main/numeric/state.js'
import { CompiledExecutor } from '../../src-main/training/compiled-executor.js'
import { configOf, describeDropout, eager, KEEP, trained } from './dropout-cases.js'
import { batchOf, engineReport, tf } from './support.js'

describeDropout()

describe.runIf(engineReport.engine === 'native').each(['spiking', 'vgg'])('a compiled step of %s', (arch) => {
  test.each([1, 2])('drops the same as an eager one, in %i micro-batches', (accumulate) => {
    const config = configOf({ arch, dropout: 0.3, accumulate })
    const network = buildNetwork(config)
    const compiled = (fused: boolean): CompiledExecutor =>
      new CompiledExecutor(capturableBackend(tf.backend())!, network, config, initialState(network, config), {
        ...KEEP,
        fused,
        passes: ['train'],
      })
    expect(trained(compiled(false), config)).toBe(trained(eager(config), config))
    const [fused, plain] = [compiled(true), eager(config)]
    for (let step = 0; step < 3; step++) {
      const [a, b] = [fused, plain].map((executor) => executor.train(batchOf(config), 0.05)['train/loss']) as [number, number]
      expect(Math.abs(a / b - 1)).toBeLessThan(1e-5)
    }
    fused.dispose()
    plain.dispose()
  })
})
