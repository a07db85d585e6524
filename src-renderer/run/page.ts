import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const runPage: Page = {
  name: 'run',
  path: '/runs/:id([a-z0-9]{4,32})',
  title: 'Run',
  load: lazy(() => import('./RunPage.vue')),
}
