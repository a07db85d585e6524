import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gpuOf, listGpus, threadsOf } from '../../src-main/engine/share.js'
import { computeEnvironment } from '../../src-main/hosts/engine.js'
import { temporaryFolder } from '../fixtures/home.js'

describe('trainers that share a machine', () => {
  it.each([
    [1, 8, 8],
    [2, 8, 4],
    [3, 8, 2],
    [16, 8, 1],
  ])('%i at once on %i cores take %i threads each', (slots, cores, threads) => {
    expect(threadsOf({ slot: 0, slots }, cores)).toBe(threads)
  })

  it('are told their threads by their environment', () => {
    const { TF_NUM_INTRAOP_THREADS, OMP_NUM_THREADS } = computeEnvironment('portable', { slot: 1, slots: 4096 })
    expect([TF_NUM_INTRAOP_THREADS, OMP_NUM_THREADS]).toEqual(['1', '1'])
  })

  it('get a GPU each, of those that the user lets them see', () => {
    const gpus = (slots: number, env: NodeJS.ProcessEnv, installed: number) =>
      Array.from({ length: slots }, (_, slot) => gpuOf({ slot, slots }, env, installed).CUDA_VISIBLE_DEVICES)
    expect(gpus(1, {}, 4)).toEqual([undefined])
    expect(gpus(3, {}, 2)).toEqual(['0', '1', '0'])
    expect(gpus(2, { CUDA_VISIBLE_DEVICES: '3,5' }, 8)).toEqual(['3', '5'])
    expect(gpus(2, {}, 1)).toEqual([undefined, undefined])
    expect(gpus(2, { CUDA_VISIBLE_DEVICES: '' }, 4)).toEqual([undefined, undefined])
  })

  it('are listed by the driver, and are none without one', () => {
    using folder = temporaryFolder()
    for (const gpu of ['0000:01:00.0', '0000:02:00.0']) mkdirSync(join(folder.path, gpu))
    writeFileSync(join(folder.path, '0000:01:00.0', 'information'), 'Model: \t\t NVIDIA H100\nIRQ: 5\n')
    expect(listGpus(folder.path)).toEqual(['NVIDIA H100', 'NVIDIA GPU'])
    expect(listGpus(join(folder.path, 'missing'))).toEqual([])
  })
})
