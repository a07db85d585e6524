import { mdiCogOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const settingsPage: Page = {
  name: 'settings',
  path: '/settings',
  title: 'Settings',
  help: {
    about:
      'How many runs train at once, when disk space is short, what is kept; backups, clean-up and checks of the home; the engine of this machine.',
    terms: ['Home', 'Engine', 'Checkpoint'],
  },
  load: lazy(() => import('./SettingsPage.vue')),
  link: { icon: mdiCogOutline, key: 's' },
}
