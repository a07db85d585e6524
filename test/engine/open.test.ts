import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { EngineReportSchema } from '../../src-main/contract/engine.js'
import { openEngine } from '../../src-main/engine/open.js'
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
})
