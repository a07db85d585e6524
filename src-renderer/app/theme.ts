import 'vuetify/styles'
import { createVuetify } from 'vuetify'
import { aliases, mdi } from 'vuetify/iconsets/mdi-svg'

const light = {
  dark: false,
  colors: {
    background: '#f5f6f8',
    surface: '#ffffff',
    'surface-bright': '#ffffff',
    'on-surface': '#1d232a',
    'on-background': '#1d232a',
    'surface-variant': '#3a444f',
    'on-surface-variant': '#eef1f4',
    primary: '#15599c',
    'on-primary': '#ffffff',
    secondary: '#4b5663',
    error: '#b3261e',
    warning: '#8a5300',
    success: '#1b6b3a',
    info: '#15599c',
  },
  variables: { 'border-color': '#1d232a', 'border-opacity': 0.14, 'high-emphasis-opacity': 1, 'medium-emphasis-opacity': 0.76 },
}

const dark = {
  dark: true,
  colors: {
    background: '#101418',
    surface: '#181d23',
    'surface-bright': '#e4e8ec',
    'on-surface-bright': '#20262d',
    'on-surface': '#e4e8ec',
    'on-background': '#e4e8ec',
    'surface-variant': '#cdd5dd',
    'on-surface-variant': '#20262d',
    primary: '#7db8f2',
    'on-primary': '#06213c',
    secondary: '#aab5c0',
    error: '#ff8a80',
    'on-error': '#3b0805',
    warning: '#f2b75c',
    'on-warning': '#2e1c00',
    success: '#79cf98',
    'on-success': '#06280f',
    info: '#7db8f2',
  },
  variables: { 'border-color': '#e4e8ec', 'border-opacity': 0.16, 'high-emphasis-opacity': 1, 'medium-emphasis-opacity': 0.78 },
}

/** Vuetify with a single density, our two themes and bundled icons. */
export function createTheme(): ReturnType<typeof createVuetify> {
  return createVuetify({
    theme: { defaultTheme: 'system', themes: { light, dark } },
    icons: { defaultSet: 'mdi', aliases, sets: { mdi } },
    defaults: {
      global: { ripple: false },
      VBtn: { variant: 'tonal', rounded: 'md', class: 'text-none', height: 34 },
      VCard: { variant: 'flat', border: true, rounded: 'lg' },
      VTextField: { density: 'compact', variant: 'outlined', hideDetails: 'auto' },
      VNumberInput: { density: 'compact', variant: 'outlined', hideDetails: 'auto', controlVariant: 'hidden' },
      VSelect: { density: 'compact', variant: 'outlined', hideDetails: 'auto' },
      VSwitch: { density: 'compact', color: 'primary', hideDetails: 'auto', inset: true, size: 'x-small' },
      VChip: { size: 'small', label: true },
      VAlert: { variant: 'tonal', density: 'compact', border: 'start' },
      VDataTable: { density: 'compact' },
      VTable: { density: 'compact' },
      // Eager tooltips leave empty elements in the page, which screen readers announce.
      VTooltip: { openDelay: 300, eager: false },
    },
  })
}
