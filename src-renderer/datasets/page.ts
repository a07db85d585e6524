import { mdiDatabaseOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const datasetsPage: Page = {
  name: 'datasets',
  path: '/datasets',
  title: 'Data sets',
  load: lazy(() => import('./DatasetsPage.vue')),
  link: { icon: mdiDatabaseOutline, key: 'd' },
}

export const datasetPage: Page = {
  name: 'dataset',
  path: '/datasets/:name([a-z0-9][a-z0-9._-]*)',
  title: 'Data set',
  load: lazy(() => import('./DatasetPage.vue')),
}
