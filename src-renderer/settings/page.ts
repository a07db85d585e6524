import { mdiCogOutline } from '@mdi/js'
import { lazy } from '../ui/lazy-code.js'
import type { Page } from '../ui/page.js'

export const settingsPage: Page = {
  name: 'settings',
  path: '/settings',
  title: 'Settings',
  load: lazy(() => import('./SettingsPage.vue')),
  link: { icon: mdiCogOutline, key: 's' },
}
