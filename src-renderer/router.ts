import { createRouter, createWebHashHistory, type Router, type RouterHistory } from 'vue-router'

/** Addresses of the pages. In the fragment, so that a reload works from any file server and from Electron's own scheme. */
export function createAppRouter(history: RouterHistory = createWebHashHistory()): Router {
  return createRouter({
    history,
    routes: [
      { path: '/', redirect: '/runs' },
      { path: '/runs', name: 'runs', component: () => import('./pages/RunsPage.vue'), meta: { title: 'Runs' } },
      {
        path: '/runs/:id([a-z0-9]{4,32})',
        name: 'run',
        component: () => import('./pages/RunPage.vue'),
        props: true,
        meta: { title: 'Run' },
      },
      { path: '/compare', name: 'compare', component: () => import('./pages/ComparePage.vue'), meta: { title: 'Compare' } },
      { path: '/new', name: 'new', component: () => import('./pages/NewRunPage.vue'), meta: { title: 'New run' } },
      { path: '/datasets', name: 'datasets', component: () => import('./pages/DatasetsPage.vue'), meta: { title: 'Data sets' } },
      {
        path: '/datasets/:name([a-z0-9][a-z0-9._-]*)',
        name: 'dataset',
        component: () => import('./pages/DatasetPage.vue'),
        props: true,
        meta: { title: 'Data set' },
      },
      { path: '/settings', name: 'settings', component: () => import('./pages/SettingsPage.vue'), meta: { title: 'Settings' } },
      { path: '/:rest(.*)*', name: 'missing', component: () => import('./pages/MissingPage.vue'), meta: { title: 'Not found' } },
    ],
  })
}
