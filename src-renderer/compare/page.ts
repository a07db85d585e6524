import { mdiScaleBalance } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const comparePage: Page = {
  name: 'compare',
  path: '/compare',
  title: 'Compare',
  load: lazy(() => import('./ComparePage.vue')),
  link: { icon: mdiScaleBalance, key: 'c' },
}
