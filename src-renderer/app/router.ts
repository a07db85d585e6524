import { createRouter, createWebHashHistory, type Router, type RouterHistory } from 'vue-router'
import { keptScroll } from '../ui/address/scroll.js'
import { lazy } from '../ui/lazy-code.js'
import { PAGES } from './pages.js'

const missing = lazy(() => import('./MissingPage.vue'))
const charting = lazy(() => import('../charts/warm-up.js'))

const idle = (): Promise<void> => new Promise((resolve) => requestIdleCallback(() => resolve()))

/**
 * Loads the code of every page while the window has nothing else to do, and draws a first chart, so that the first visit waits for
 * neither.
 */
export async function loadPagesWhenIdle(): Promise<void> {
  // Without a connection the page itself says so when it is opened.
  for (const load of [...PAGES.map((page) => page.load), missing]) {
    await idle()
    await load().catch(() => undefined)
  }
  const charts = await charting().catch(() => null)
  await idle()
  charts?.warmUp()
}

/** Addresses of the pages. In the fragment, so that a reload works from any file server and from Electron's own scheme. */
export function createAppRouter(history: RouterHistory = createWebHashHistory()): Router {
  return createRouter({
    history,
    scrollBehavior: keptScroll(),
    routes: [
      { path: '/', redirect: '/runs' },
      ...PAGES.map(({ name, path, title, load }) => ({ name, path, component: load, props: true, meta: { title } })),
      { path: '/:rest(.*)*', name: 'missing', component: missing, meta: { title: 'Not found' } },
    ],
  })
}
