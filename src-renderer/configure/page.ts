import { mdiPlus } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const newRunPage: Page = {
  name: 'new',
  path: '/new',
  title: 'New run',
  load: lazy(() => import('./NewRunPage.vue')),
  link: { icon: mdiPlus, key: 'n' },
}
