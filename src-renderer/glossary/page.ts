import { mdiBookOpenVariantOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const glossaryPage: Page = {
  name: 'glossary',
  path: '/glossary',
  title: 'Glossary',
  load: lazy(() => import('./GlossaryPage.vue')),
  link: { icon: mdiBookOpenVariantOutline, key: 'i' },
}
