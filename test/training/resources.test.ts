import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ResourceMeter } from '../../src-main/training/resources.js'

it('measures at once and then at most once a second; the cores are those that worked in between', async () => {
  const meter = new ResourceMeter(tmpdir())
  const first = meter.sample()!
  expect(first['system/residentMiB']).toBeGreaterThan(10)
  expect(first['system/diskFreeGiB']).toBeGreaterThan(0)
  expect(first).not.toHaveProperty('system/cores')
  expect(meter.sample()).toBeNull()
  const began = process.cpuUsage()
  const since = performance.now()
  // By processor time: on a busy machine a process gets little of a second.
  const used = (): number => (({ user, system }) => (user + system) / 1000)(process.cpuUsage(began))
  while (used() < 300);
  await sleep(Math.max(0, 1001 - (performance.now() - since)))
  const second = meter.sample()!
  expect(second['system/cores']).toBeCloseTo(used() / (performance.now() - since), 1)
  expect(second['system/cores']).toBeGreaterThan(0)
})
