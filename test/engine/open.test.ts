import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it, vi } from 'vitest'
import { EngineReportSchema } from '../../src-main/contract/engine.js'
import { openEngine } from '../../src-main/engine/open.js'
import { enginePaths } from '../../src-main/engine/location.js'
import { probeEngine } from '../../src-main/engine/report.js'
import { selectEngine } from '../../src-main/engine/select.js'

describe('the portable engine', () => {
  it('opens with the operations that numeric imports, and reports what the probe said', async () => {
    const selection = selectEngine({ env: { RETRACE_ENGINE: 'portable' }, cache: 'none' })
    const { tf: opened, report } = await openEngine(selection)
    expect(tf.getBackend()).toBe('wasm')
    expect(opened.engine()).toBe(tf.engine())
    expect(EngineReportSchema.parse(report)).toEqual(report)
    expect(report).toMatchObject({ engine: 'portable', device: 'cpu', threads: 1, oneDNN: null, versions: { tensorflow: null } })
    expect(probeEngine(selection)).toEqual(report)
  })

  it('takes the place of a native one of which a file has changed since it was placed, which is not loaded', async () => {
    const native = {
      engine: 'native',
      reason: '',
      remedy: null,
      native: { libraryFolder: '/cache', variant: 'cpu', paths: enginePaths('/cache', 'cpu') },
    } as const
    const { report } = await openEngine(native, async () => ['/cache/lib/libtensorflow_cc.so.2'])
    expect(report).toMatchObject({
      engine: 'portable',
      reason: expect.stringContaining('/cache/lib/libtensorflow_cc.so.2 does not match what was installed') as string,
      remedy: expect.stringContaining('npm run setup') as string,
    })
    expect(tf.getBackend()).toBe('wasm')
    vi.stubEnv('RETRACE_ENGINE', 'native')
    await expect(openEngine(native, async () => ['x'])).rejects.toThrow(/cannot be used \(x does not match what was installed\)/)
    vi.unstubAllEnvs()
  })
})
