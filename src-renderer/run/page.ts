import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const runPage: Page = {
  name: 'run',
  path: '/runs/:id([a-z0-9]{4,32})',
  title: 'Run',
  help: {
    about:
      'One training: its progress and results, charts of all metrics, checkpoints, evaluation, log, notes and configuration. The lab and the live instruments of the tabs look at its weights; the menu starts another run from it.',
    terms: [
      'Loss',
      'Test accuracy',
      'Reconstruction error',
      'Gradient error',
      'Activation memory',
      'Checkpoint',
      'Confusion matrix',
      'Histogram',
      'Regions',
    ],
  },
  load: lazy(() => import('./RunPage.vue')),
}
