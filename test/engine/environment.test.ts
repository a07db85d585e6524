import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { trainerEnvironment } from '../../src-main/engine/environment.js'

describe('environment of a trainer', () => {
  it('switches oneDNN on, lets GPU memory grow and quiets TensorFlow', () => {
    expect(trainerEnvironment({}, { libraryFolder: 'unused', variant: 'cpu' }, 3)).toEqual({
      TF_ENABLE_ONEDNN_OPTS: '1',
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
      TF_CPP_MIN_LOG_LEVEL: '2',
      TF_NUM_INTRAOP_THREADS: '3',
      TF_NUM_INTEROP_THREADS: '1',
      OMP_NUM_THREADS: '3',
      MALLOC_ARENA_MAX: '1',
    })
  })

  it('keeps what the user set, and the rest of the environment', () => {
    const env = trainerEnvironment({ TF_ENABLE_ONEDNN_OPTS: '0', HOME: '/home/x' }, null)
    expect(env).toMatchObject({ TF_ENABLE_ONEDNN_OPTS: '0', HOME: '/home/x' })
  })

  it('puts the libraries of every CUDA wheel before the inherited path', () => {
    const folder = mkdtempSync(join(tmpdir(), 'retrace-cuda-'))
    try {
      for (const name of ['cudnn', 'cublas']) mkdirSync(join(folder, 'nvidia', name, 'lib'), { recursive: true })
      const env = trainerEnvironment({ LD_LIBRARY_PATH: '/opt/lib' }, { libraryFolder: folder, variant: 'cuda' })
      expect(env.LD_LIBRARY_PATH?.split(delimiter)).toEqual([
        join(folder, 'nvidia/cublas/lib'),
        join(folder, 'nvidia/cudnn/lib'),
        '/opt/lib',
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
