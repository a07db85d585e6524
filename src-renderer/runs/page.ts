import { mdiViewListOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const runsPage: Page = {
  name: 'runs',
  path: '/runs',
  title: 'Runs',
  help: {
    about:
      'All runs of this home as a table that can be searched, filtered, grouped and sorted by any column. A row opens its run; selected runs are compared, tagged, stopped or removed together. Above the table is the queue of runs that wait.',
    terms: ['Run', 'Seed', 'Group', 'Test accuracy', 'Loss', 'Gradient error', 'Baseline'],
  },
  load: lazy(() => import('./RunsPage.vue')),
  link: { icon: mdiViewListOutline, key: 'r' },
}
