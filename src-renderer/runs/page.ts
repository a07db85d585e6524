import { mdiViewListOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const runsPage: Page = {
  name: 'runs',
  path: '/runs',
  title: 'Runs',
  load: lazy(() => import('./RunsPage.vue')),
  link: { icon: mdiViewListOutline, key: 'r' },
}
