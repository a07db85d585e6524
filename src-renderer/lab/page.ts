import { mdiFlaskOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const labPage: Page = {
  name: 'lab',
  path: '/lab',
  title: 'Lab',
  help: {
    about:
      'Diagnostics of untrained networks: how exactly they reverse, whether they are stable, what they cost. Those of trained networks are in the tab Lab of each run. The live instruments show one image or the plane on its way through the units.',
    terms: ['Reversibility', 'Reconstruction error', 'Spectrum', 'Energy', 'Volume', 'Perturbation growth', 'Flow'],
  },
  load: lazy(() => import('./LabPage.vue')),
  link: { icon: mdiFlaskOutline, key: 'l' },
}
