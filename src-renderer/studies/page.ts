import { mdiViewGridOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const studiesPage: Page = {
  name: 'studies',
  path: '/studies',
  title: 'Studies',
  load: lazy(() => import('./StudiesPage.vue')),
  link: { icon: mdiViewGridOutline, key: 't' },
}

export const newStudyPage: Page = {
  name: 'new-study',
  path: '/studies/new/:template([a-z-]+)',
  title: 'New study',
  load: lazy(() => import('./NewStudyPage.vue')),
}

export const studyPage: Page = {
  name: 'study',
  path: '/studies/:id([a-z0-9]{4,32})',
  title: 'Study',
  load: lazy(() => import('./StudyPage.vue')),
}
