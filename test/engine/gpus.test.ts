import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { parseGpus, queryGpus, visibleOf, watchGpu } from '../../src-main/engine/gpus.js'
import { computeEnvironment } from '../../src-main/hosts/engine.js'
import { gpuOf } from '../../src-main/engine/share.js'
import { temporaryFolder } from '../fixtures/home.js'

const TWO = `0, GPU-1d1a0c2e-0000-4000-8000-000000000000, NVIDIA H100 80GB HBM3, 81559, 4, 0
1, GPU-2e2b1d3f-0000-4000-8000-000000000000, NVIDIA A100, PCIe, 40960, 1024, [N/A]
`

/** A stand-in for `nvidia-smi` that records its arguments and answers with a script. */
function fake(folder: string, script: string): NodeJS.ProcessEnv {
  const file = join(folder, 'nvidia-smi')
  writeFileSync(file, `#!/bin/sh\necho "$@" > ${folder}/asked\n${script}\n`)
  chmodSync(file, 0o755)
  return { PATH: `${folder}:/usr/bin:/bin` }
}

it('reads what the driver lists, and leaves out what describes no GPU', () => {
  expect(parseGpus(`Warning: infoROM is corrupted at gpu 0000:02:00.0\n${TWO}`)).toEqual([
    {
      index: 0,
      uuid: 'GPU-1d1a0c2e-0000-4000-8000-000000000000',
      name: 'NVIDIA H100 80GB HBM3',
      memoryMiB: 81559,
      usedMiB: 4,
      utilization: 0,
    },
    {
      index: 1,
      uuid: 'GPU-2e2b1d3f-0000-4000-8000-000000000000',
      name: 'NVIDIA A100, PCIe',
      memoryMiB: 40960,
      usedMiB: 1024,
      utilization: null,
    },
  ])
  expect(parseGpus('No devices were found\n')).toEqual([])
})

it('asks nvidia-smi where it is on the PATH, and knows of no GPU elsewhere or where there is no driver', async () => {
  using folder = temporaryFolder()
  expect(await queryGpus({ PATH: folder.path })).toBeNull()
  const env = fake(folder.path, `cat <<'EOF'\n${TWO}EOF`)
  expect((await queryGpus(env))?.map(({ index }) => index)).toEqual([0, 1])
  expect(await queryGpus({ ...env, CUDA_VISIBLE_DEVICES: '1' })).toMatchObject([{ index: 1 }])
  expect(
    await queryGpus(fake(folder.path, 'echo "NVIDIA-SMI has failed because it couldn\'t communicate with the NVIDIA driver."; exit 9')),
  ).toBeNull()
})

it('leaves visible what the user lets programs see, by number or by the beginning of a UUID', () => {
  const two = parseGpus(TWO)
  const seen = (visible: string | undefined): number[] => visibleOf(two, { CUDA_VISIBLE_DEVICES: visible }).map(({ index }) => index)
  expect([seen(undefined), seen(''), seen('1,0'), seen('GPU-2e2b'), seen('7')]).toEqual([[0, 1], [], [1, 0], [1], []])
})

it('watches the GPU of this process', async () => {
  using folder = temporaryFolder()
  const env = { ...fake(folder.path, 'echo "512, 37"; echo "640, [N/A]"; exec sleep 60'), CUDA_VISIBLE_DEVICES: 'GPU-2e2b,GPU-1d1a' }
  const meter = watchGpu(env)!
  await vi.waitFor(() => expect(meter.latest()).toEqual({ memoryMiB: 640, utilization: null }), { timeout: 10_000 })
  expect(await import('node:fs').then(({ readFileSync }) => readFileSync(join(folder.path, 'asked'), 'utf8'))).toContain('--id=GPU-2e2b')
  meter.close()
  expect(watchGpu({ PATH: '/nowhere' })).toBeNull()
})

it('a trainer gets the device that it was given, and the processor by a number that no GPU has', () => {
  const share = { slot: 1, slots: 2 }
  expect(gpuOf({ ...share, device: 'GPU-2e2b' }, {}, 2)).toEqual({ CUDA_VISIBLE_DEVICES: 'GPU-2e2b' })
  expect(gpuOf({ ...share, device: 'cpu' }, {}, 2)).toEqual({ CUDA_VISIBLE_DEVICES: '-1' })
  expect(computeEnvironment('portable', { ...share, device: 'cpu' })).not.toHaveProperty('CUDA_VISIBLE_DEVICES', 'GPU-2e2b')
})
