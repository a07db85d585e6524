import { mdiFlaskOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const labPage: Page = {
  name: 'lab',
  path: '/lab',
  title: 'Lab',
  load: lazy(() => import('./LabPage.vue')),
  link: { icon: mdiFlaskOutline, key: 'l' },
}
