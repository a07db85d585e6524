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
  while (performance.now() - since < 400);
  await sleep(1001 - (performance.now() - since))
  const { user, system } = process.cpuUsage(began)
  const second = meter.sample()!
  // Over about a second; the machine may have given this process less than it requested.
  expect(second['system/cores']).toBeCloseTo((user + system) / 1000 / (performance.now() - since), 1)
  expect(second['system/cores']).toBeGreaterThan(0.1)
})
