import { mdiPlus } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const newRunPage: Page = {
  name: 'new',
  path: '/new',
  title: 'New run',
  help: {
    about:
      'Starts a run: choose a data set and a preset, change what should differ from it, and press Start. Parameters, memory and time are estimated before anything begins.',
    terms: ['Preset', 'Recipe', 'Step size', 'Learning rate', 'Epoch', 'Seed', 'Activation memory', 'Reversible mode'],
  },
  load: lazy(() => import('./NewRunPage.vue')),
  link: { icon: mdiPlus, key: 'n' },
}
