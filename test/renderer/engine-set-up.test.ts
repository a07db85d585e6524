import { afterEach, expect, it, vi } from 'vitest'
import type { SystemInfo } from '../../src-main/contract/system.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { SYSTEM } from '../fixtures/played-ports.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

vi.setConfig({ testTimeout: 60_000 })

let page: TestWindow | null = null
afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})

const SLOW: SystemInfo = {
  ...SYSTEM,
  engine: { ...SYSTEM.engine!, reason: 'It has not been set up yet.', remedy: 'Set it up.' },
  setUp: { downloadBytes: 274e6 },
}

/** A machine whose engine is slow until the set-up, which the test controls, has succeeded. */
async function slowMachine() {
  let finish: () => void = () => undefined
  let fast = false
  const home = await homeOfTest({
    ports: {
      system: async () => (fast ? { ...SLOW, setUp: null, engine: { ...SLOW.engine!, engine: 'native', remedy: null } } : SLOW),
      engineInstaller: {
        install: ({ signal, onProgress }) =>
          new Promise((resolve, reject) => {
            const timer = setTimeout(() => onProgress(0.25, 'downloading the library'), 250)
            finish = () => {
              clearTimeout(timer)
              fast = true
              resolve()
            }
            signal.addEventListener('abort', () => {
              clearTimeout(timer)
              reject(new Error('ended'))
            })
          }),
      },
    },
  })
  return { home, finish: () => finish() }
}

it('a slow engine is offered to be set up, with progress, and can be cancelled and begun again', async () => {
  const { home, finish } = await slowMachine()
  page = await openWindow(home, '/runs')
  const { text, click } = page
  await eventually(() => expect(text()).toMatch(/not been set up yet.*several times slower.*274 MB/))
  await click('[data-testid="engine-set-up"] button', /Set up/)
  await eventually(() => expect(text()).toMatch(/25% downloading the library/))
  await click('[data-testid="engine-set-up"] button', /Cancel/)
  await eventually(() => expect(text()).toMatch(/274 MB/))
  await click('[data-testid="engine-set-up"] button', /Set up/)
  await eventually(() => expect(text()).toMatch(/Setting up the fast engine/))
  finish()
  await eventually(() => expect(document.querySelector('[data-testid="engine-set-up"]')).toBeNull())
})

it('put off, it asks again only for another reason; the settings still offer it', async () => {
  const { home } = await slowMachine()
  page = await openWindow(home, '/runs')
  await page.click('[data-testid="engine-set-up"] button', /Not now/)
  await eventually(() => expect(document.querySelector('[data-testid="engine-set-up"]')).toBeNull())
  await page.router.push('/settings')
  await eventually(() => expect(page!.text()).toMatch(/Set up the fast engine/))
})
