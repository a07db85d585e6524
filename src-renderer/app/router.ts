import { createRouter, createWebHashHistory, type Router, type RouterHistory } from 'vue-router'
import { keptScroll } from '../ui/address/scroll.js'
import { lazy } from '../ui/lazy-code.js'
import { PAGES } from './pages.js'

const missing = lazy(() => import('./MissingPage.vue'))
const charting = lazy(() => import('../charts/warm-up.js'))

const idle = (): Promise<void> => new Promise((resolve) => requestIdleCallback(() => resolve()))

/** Loads the code of every page while the window is idle, and draws a first chart, so that the first visit waits for neither. */
export async function loadPagesWhenIdle(): Promise<void> {
  // Errors are ignored here: without a connection, the page itself reports the error when it is opened.
  for (const load of [...PAGES.map((page) => page.load), missing]) {
    await idle()
    await load().catch(() => undefined)
  }
  const charts = await charting().catch(() => null)
  await idle()
  charts?.warmUp()
}

/** The routes. They use the URL fragment, so that a reload works from any file server and from Electron's own scheme. */
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
