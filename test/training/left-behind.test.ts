import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findLeftBehind, packPoints } from '../../src-main/training/left-behind.js'
import { writeSafetensors } from '../../src-main/training/safetensors.js'
import { temporaryFolder } from '../fixtures/home.js'

const name = (step: number, lease: number): string => `step-${String(step).padStart(9, '0')}-lease-${lease}.safetensors`
const progress = (step: number): string => JSON.stringify({ step, best: null, anchorEvery: 0 })
const points = packPoints({ 'train/loss': { steps: [6, 7, 8], values: [0.5, NaN, -Infinity], times: [1, 2, 3] } })

const write = (folder: string, step: number, lease: number, extra: Record<string, string>): Promise<number> =>
  writeSafetensors(join(folder, name(step, lease)), {
    metadata: { progress: progress(step), weightsHash: 'w', ...extra },
    tensors: new Map([['params/a', { shape: [2], data: Float32Array.of(1, 2) }]]),
  })

describe('what a trainer left behind that lost its host', () => {
  it('is its last checkpoint with the points since the one before', async () => {
    using folder = temporaryFolder()
    await write(folder.path, 5, 2, {})
    const bytes = await write(folder.path, 8, 2, { points })
    await write(folder.path, 9, 1, { points })
    expect(findLeftBehind(folder.path, 2)).toEqual({
      file: name(8, 2),
      step: 8,
      bytes,
      createdAt: expect.any(Number),
      weightsHash: 'w',
      series: [
        {
          key: 'train/loss',
          steps: Float64Array.of(6, 7, 8),
          values: Float64Array.of(0.5, NaN, -Infinity),
          times: Float64Array.of(1, 2, 3),
        },
      ],
    })
  })

  it('is nothing where the host knows the last one, where there is none, and where it is damaged', async () => {
    using folder = temporaryFolder()
    expect(findLeftBehind(join(folder.path, 'none'), 1)).toBeNull()
    expect(findLeftBehind(folder.path, 1)).toBeNull()
    await write(folder.path, 5, 1, {})
    expect(findLeftBehind(folder.path, 1)).toBeNull()
    await write(folder.path, 6, 1, { points: '{"train/loss":{"steps":[1]' })
    expect(findLeftBehind(folder.path, 1)).toBeNull()
    writeFileSync(join(folder.path, name(7, 1)), Buffer.from([1, 2]))
    expect(findLeftBehind(folder.path, 1)).toBeNull()
    writeFileSync(join(folder.path, name(8, 1)), Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{"a"')]))
    expect(findLeftBehind(folder.path, 1)).toBeNull()
  })
})
