import { createRouter, createWebHashHistory, type Router, type RouterHistory } from 'vue-router'
import { keptScroll } from './address/scroll.js'

/** Those with charts first: their code is the largest. */
const PAGES = {
  run: () => import('./pages/RunPage.vue'),
  compare: () => import('./pages/ComparePage.vue'),
  runs: () => import('./pages/RunsPage.vue'),
  new: () => import('./pages/NewRunPage.vue'),
  datasets: () => import('./pages/DatasetsPage.vue'),
  dataset: () => import('./pages/DatasetPage.vue'),
  settings: () => import('./pages/SettingsPage.vue'),
  missing: () => import('./pages/MissingPage.vue'),
}

const idle = (): Promise<void> => new Promise((resolve) => requestIdleCallback(() => resolve()))

/**
 * Loads the code of every page while the window has nothing else to do, and draws a first chart, so that the first visit waits for
 * neither.
 */
export async function loadPagesWhenIdle(): Promise<void> {
  // Without a connection the page itself says so when it is opened.
  for (const load of Object.values(PAGES)) {
    await idle()
    await load().catch(() => undefined)
  }
  const charts = await import('./charts/warm-up.js').catch(() => null)
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
      { path: '/runs', name: 'runs', component: PAGES.runs, meta: { title: 'Runs' } },
      {
        path: '/runs/:id([a-z0-9]{4,32})',
        name: 'run',
        component: PAGES.run,
        props: true,
        meta: { title: 'Run' },
      },
      { path: '/compare', name: 'compare', component: PAGES.compare, meta: { title: 'Compare' } },
      { path: '/new', name: 'new', component: PAGES.new, meta: { title: 'New run' } },
      { path: '/datasets', name: 'datasets', component: PAGES.datasets, meta: { title: 'Data sets' } },
      {
        path: '/datasets/:name([a-z0-9][a-z0-9._-]*)',
        name: 'dataset',
        component: PAGES.dataset,
        props: true,
        meta: { title: 'Data set' },
      },
      { path: '/settings', name: 'settings', component: PAGES.settings, meta: { title: 'Settings' } },
      { path: '/:rest(.*)*', name: 'missing', component: PAGES.missing, meta: { title: 'Not found' } },
    ],
  })
}
