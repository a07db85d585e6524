import { afterEach, expect, it, vi } from 'vitest'
import type { OwnDynamicsFile } from '../../src-main/contract/own-dynamics.js'
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

it('the Settings list the own dynamics, why one was refused, and look again when they are asked to', async () => {
  const hash = '0123456789ab'.padEnd(64, '0')
  const files: OwnDynamicsFile[] = [
    { file: 'mine.ts', hash, arch: 'hamiltonian', problem: null },
    { file: 'other.ts', hash, arch: null, problem: 'The dynamics file other.ts was refused: it breaks the check "inverse".' },
  ]
  const asked: boolean[] = []
  const home = await homeOfTest({
    ports: {
      ownDynamics: {
        refresh: async () => undefined,
        of: () => null,
        missing: () => null,
        hashNow: () => null,
        list: async ({ again }) => {
          asked.push(again)
          return { folder: '/homes/mine/dynamics', files: again ? files.slice(0, 1) : files }
        },
      },
    },
  })
  page = await openWindow(home, '/settings')
  const { text, click } = page
  await eventually(() => expect(text()).toMatch(/mine\.ts.*hamiltonian.*0123456789ab.*other\.ts.*it breaks the check "inverse"/))
  expect(text()).toContain('/homes/mine/dynamics')
  await click('[data-testid="own-dynamics"] button', /Look again/)
  await eventually(() => expect(text()).not.toContain('other.ts'))
  expect(asked).toEqual([false, true])
})
