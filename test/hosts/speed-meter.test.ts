import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { createSpeedMeter } from '../../src-main/hosts/speed-meter.js'
import { knownSpeed } from '../../src-main/hosts/speed.js'
import { temporaryFolder } from './temporary.js'

const TOOL = join(import.meta.dirname, 'programs', 'fake-tool.mjs')
const meter = (figures: object) => createSpeedMeter(TOOL, () => ({ FAKE_FIGURES: JSON.stringify(figures) }))

afterEach(() => void vi.unstubAllEnvs())

it('a measurement of the machine is made in a process of its own and kept; what has no figures is not', async () => {
  vi.stubEnv('RETRACE_CACHE', temporaryFolder())
  vi.stubEnv('RETRACE_ENGINE', 'portable')
  const told: string[] = []
  const request = { signal: new AbortController().signal, onProgress: (_: number | null, message: string) => void told.push(message) }
  expect(await knownSpeed()).toBeNull()
  await expect(meter({ operationsPerSecond: 0, secondsPerForce: 1 }).measure(request)).rejects.toThrow(/no usable result\. Measure again/)
  expect(await knownSpeed()).toBeNull()
  await meter({ operationsPerSecond: 2e9, secondsPerForce: 0.001 }).measure(request)
  expect(told).toEqual(['working', 'working'])
  expect(await knownSpeed()).toMatchObject({ operationsPerSecond: 2e9, secondsPerForce: 0.001 })
})
