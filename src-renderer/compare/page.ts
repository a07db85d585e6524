import { mdiScaleBalance } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const comparePage: Page = {
  name: 'compare',
  path: '/compare',
  title: 'Compare',
  help: {
    about:
      'Several runs in the same charts and tables. Runs that differ only in the seed are one group, drawn as a line with a band. The address holds the comparison; it can be saved under a name.',
    terms: ['Comparison', 'Group', 'Band', 'Interval', 'Standard deviation', 'Baseline', 'Dagger'],
  },
  load: lazy(() => import('./ComparePage.vue')),
  link: { icon: mdiScaleBalance, key: 'c' },
}
