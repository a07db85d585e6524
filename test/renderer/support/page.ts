import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { vi } from 'vitest'
import { createMemoryHistory, type Router } from 'vue-router'
import App from '../../../src-renderer/app/App.vue'
import { connectionKey } from '../../../src-renderer/home/api.js'
import { createAppRouter } from '../../../src-renderer/app/router.js'
import { createTheme } from '../../../src-renderer/app/theme.js'
import type { PlayedHome } from '../../fixtures/played-home.js'
import { connectionTo, type TestConnection } from './app.js'

// happy-dom has none, and Vuetify needs it to place overlays.
if (!('visualViewport' in globalThis) || !globalThis.visualViewport)
  Object.assign(globalThis, {
    visualViewport: Object.assign(new EventTarget(), {
      width: 1280,
      height: 800,
      offsetLeft: 0,
      offsetTop: 0,
      scale: 1,
      pageLeft: 0,
      pageTop: 0,
    }),
  })

/** Waits until the page shows what it should; long enough for a busy machine. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 15_000, interval: 20 })

export interface TestWindow {
  wrapper: VueWrapper
  router: Router
  connection: TestConnection
  /** The text of the whole page, including dialogs and menus. */
  text(): string
  click(selector: string, label?: string | RegExp): Promise<void>
}

/** The whole app at an address, with a home in this process. */
export async function openWindow(home: PlayedHome, address: string): Promise<TestWindow> {
  const router = createAppRouter(createMemoryHistory())
  await router.push(address)
  const connection = connectionTo(home)
  const wrapper = mount(App, {
    attachTo: document.body,
    global: { plugins: [createPinia(), router, createTheme()], provide: { [connectionKey as symbol]: connection } },
  })
  await router.isReady()
  await flushPromises()
  const text = (): string => document.body.textContent?.replace(/\s+/g, ' ') ?? ''
  return {
    wrapper,
    router,
    connection,
    text,
    async click(selector, label) {
      const element = await eventually(() => {
        const found = [...document.querySelectorAll<HTMLElement>(selector)].find(
          (candidate) =>
            label === undefined || (candidate.textContent ?? '').trim().match(label) || candidate.getAttribute('aria-label')?.match(label),
        )
        if (!found) throw new Error(`nothing to click: ${selector} ${String(label ?? '')}`)
        return found
      })
      element.click()
      await flushPromises()
    },
  }
}
