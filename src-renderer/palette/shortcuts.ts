/** One way to do something by the keyboard. */
export interface Shortcut {
  /** As they are pressed, one after the other: 'Ctrl+K', 'g r', '?'; or any of several: '← →' */
  keys: string
  label: string
  section: 'Everywhere' | 'Go to' | 'In a chart' | 'In the table of runs' | 'In a list with an order of its own'
}

/** Pages by the letter that leads there after g. */
export const PAGE_KEYS: Readonly<Record<string, string>> = {
  r: '/runs',
  n: '/new',
  c: '/compare',
  d: '/datasets',
  s: '/settings',
}

const PAGE_NAMES: Readonly<Record<string, string>> = {
  r: 'Runs',
  n: 'New run',
  c: 'Compare',
  d: 'Data sets',
  s: 'Settings',
}

/** What the sheet shows; a test presses each of them. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: 'Ctrl+K', label: 'Find a page, a run, a data set, a comparison or a command', section: 'Everywhere' },
  { keys: '?', label: 'Show the shortcuts', section: 'Everywhere' },
  { keys: 'Ctrl+Z', label: 'Undo the last change, then the one before it', section: 'Everywhere' },
  { keys: 'Esc', label: 'Close what is open', section: 'Everywhere' },
  ...Object.keys(PAGE_KEYS).map((key): Shortcut => ({ keys: `g ${key}`, label: PAGE_NAMES[key] ?? '', section: 'Go to' })),
  { keys: '+', label: 'Zoom in', section: 'In a chart' },
  { keys: '-', label: 'Zoom out', section: 'In a chart' },
  { keys: '0', label: 'Show all', section: 'In a chart' },
  { keys: '← →', label: 'Move', section: 'In a chart' },
  { keys: 'Shift+← →', label: 'Read the values along the axis', section: 'In a chart' },
  { keys: 'f', label: 'Full screen', section: 'In a chart' },
  { keys: 'Alt+← →', label: 'Move the chart to another place', section: 'In a chart' },
  { keys: '↑ ↓', label: 'Go from row to row', section: 'In the table of runs' },
  { keys: 'Enter', label: 'Open the run, or the group', section: 'In the table of runs' },
  { keys: 'Space', label: 'Choose the run', section: 'In the table of runs' },
  { keys: 'Shift+↑ ↓', label: 'Choose a stretch', section: 'In the table of runs' },
  { keys: 'Ctrl+A', label: 'Choose every run', section: 'In the table of runs' },
  { keys: 'Esc', label: 'Choose none', section: 'In the table of runs' },
  { keys: 'Alt+↑ ↓', label: 'Move the entry (of the queue, of the columns)', section: 'In a list with an order of its own' },
]
