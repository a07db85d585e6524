import { mdiBookOpenVariantOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const glossaryPage: Page = {
  name: 'glossary',
  path: '/glossary',
  title: 'Glossary',
  help: {
    about: 'Every quantity and term that the window and the documentation use. Each is also found by its name in the search (Ctrl+K).',
    terms: [],
  },
  load: lazy(() => import('./GlossaryPage.vue')),
  link: { icon: mdiBookOpenVariantOutline, key: 'i' },
}
