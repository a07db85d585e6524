import { mdiViewGridOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const studiesPage: Page = {
  name: 'studies',
  path: '/studies',
  title: 'Studies',
  help: {
    about:
      'Experiments of many runs: the templates are those of the paper and its neighbours, and searches over any keys. A study is queued as one object and draws its figure as results arrive.',
    terms: ['Run', 'Seed', 'Validation accuracy', 'Interval'],
  },
  load: lazy(() => import('./StudiesPage.vue')),
  link: { icon: mdiViewGridOutline, key: 't' },
}

export const newStudyPage: Page = {
  name: 'new-study',
  path: '/studies/new/:template([a-z-]+)',
  title: 'New study',
  help: {
    about:
      'The options of a study, with the cells that it would have, how many of them are done already, and about how long the others take.',
    terms: ['Preset', 'Seed', 'Step'],
  },
  load: lazy(() => import('./NewStudyPage.vue')),
}

export const studyPage: Page = {
  name: 'study',
  path: '/studies/:id([a-z0-9]{4,32})',
  title: 'Study',
  help: {
    about: 'The report of a study so far, the states of its cells, and the command that repeats it.',
    terms: ['Interval', 'Standard deviation', 'Seed', 'Gradient error'],
  },
  load: lazy(() => import('./StudyPage.vue')),
}
