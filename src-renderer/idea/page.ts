import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const ideaPage: Page = {
  name: 'idea',
  path: '/idea',
  title: 'The idea in five pictures',
  help: {
    about:
      'The idea of reversible residual networks, told by live instruments and charts. Each picture shows an example or a run of yours, two of them side by side if you like. Lecture mode fills the window with one picture in large type; the arrow keys lead on and back.',
    terms: ['Reversibility', 'Reversible mode', 'Flow', 'Spectrum'],
  },
  load: lazy(() => import('./IdeaPage.vue')),
}
