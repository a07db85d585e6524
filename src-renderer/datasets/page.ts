import { mdiDatabaseOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const datasetsPage: Page = {
  name: 'datasets',
  path: '/datasets',
  title: 'Data sets',
  help: {
    about: 'Data sets of this home. Digits and problems in the plane are included; others are imported from files on this machine.',
    terms: ['Home', 'Epoch'],
  },
  load: lazy(() => import('./DatasetsPage.vue')),
  link: { icon: mdiDatabaseOutline, key: 'd' },
}

export const datasetPage: Page = {
  name: 'dataset',
  path: '/datasets/:name([a-z0-9][a-z0-9._-]*)',
  title: 'Data set',
  help: {
    about:
      'The images or points of one data set, with its classes, statistics, the split into training, validation and test images, and the runs that use it.',
    terms: ['Validation accuracy', 'Test accuracy', 'Epoch'],
  },
  load: lazy(() => import('./DatasetPage.vue')),
}
