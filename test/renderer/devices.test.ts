import { afterEach, expect, it, vi } from 'vitest'
import type { Gpu } from '../../src-main/contract/gpus.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

vi.setConfig({ testTimeout: 60_000 })

let page: TestWindow | null = null
afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})

it('the Settings say that there is no GPU, and list those that there are', async () => {
  const gpus: Gpu[] = []
  const home = await homeOfTest({
    ports: { gpus: { usable: () => gpus, look: async () => ({ gpus: gpus.length ? [...gpus] : null, usable: gpus.length > 0 }) } },
  })
  page = await openWindow(home, '/settings')
  const { text, click } = page
  await eventually(() => expect(text()).toContain('No NVIDIA GPU was found'))
  gpus.push({ index: 0, uuid: 'GPU-00', name: 'NVIDIA H100', memoryMiB: 81559, usedMiB: 512, utilization: 37 })
  await click('[data-testid="devices"] button', /Look again/)
  await eventually(() => expect(text()).toMatch(/NVIDIA H100.*512 of 81559.*37.*Automatic gives each run a GPU of its own/))
})
