import { LINKS } from '../pages.js'

/** A keyboard shortcut. */
export interface Shortcut {
  /** The keys in the order in which they are pressed: 'Ctrl+K', 'g r', '?'; or alternatives: '← →' */
  keys: string
  label: string
  section: 'Everywhere' | 'Go to' | 'Charts' | 'Run table' | 'Reorderable lists'
}

/** The pages by the letter that opens them after `g`. */
export const PAGE_KEYS: Readonly<Record<string, string>> = Object.fromEntries(LINKS.map(({ key, to }) => [key, to]))

/** The shortcuts listed in the help sheet; a test presses each of them. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: 'Ctrl+K', label: 'Search pages, runs, data sets, comparisons, concepts and commands', section: 'Everywhere' },
  { keys: '?', label: 'Show keyboard shortcuts', section: 'Everywhere' },
  { keys: 'F1', label: 'Help for the page', section: 'Everywhere' },
  { keys: 'Ctrl+Z', label: 'Undo the last change; press again for earlier ones', section: 'Everywhere' },
  { keys: 'Esc', label: 'Close the open dialog or menu', section: 'Everywhere' },
  ...LINKS.map(({ key, title }): Shortcut => ({ keys: `g ${key}`, label: title, section: 'Go to' })),
  { keys: '+', label: 'Zoom in', section: 'Charts' },
  { keys: '-', label: 'Zoom out', section: 'Charts' },
  { keys: '0', label: 'Reset zoom', section: 'Charts' },
  { keys: '← →', label: 'Pan', section: 'Charts' },
  { keys: 'Shift+← →', label: 'Move the cursor point by point', section: 'Charts' },
  { keys: 'f', label: 'Full screen', section: 'Charts' },
  { keys: 'Alt+← →', label: 'Move the chart', section: 'Charts' },
  { keys: '↑ ↓', label: 'Move between rows', section: 'Run table' },
  { keys: 'Enter', label: 'Open the run, or unfold the group or study', section: 'Run table' },
  { keys: '← →', label: 'Fold or unfold the group or study', section: 'Run table' },
  { keys: 'Shift+F10', label: 'Menu of the run', section: 'Run table' },
  { keys: 'Space', label: 'Select the run', section: 'Run table' },
  { keys: 'Shift+↑ ↓', label: 'Extend the selection', section: 'Run table' },
  { keys: 'Ctrl+A', label: 'Select all runs', section: 'Run table' },
  { keys: 'Esc', label: 'Clear selection', section: 'Run table' },
  { keys: 'Alt+↑ ↓', label: 'Move the entry (queue, columns)', section: 'Reorderable lists' },
]
