/** One way to do something by the keyboard. */
export interface Shortcut {
  /** As they are pressed, one after the other: 'Ctrl+K', 'g r', '?' */
  keys: string
  label: string
  section: 'Everywhere' | 'Go to' | 'In a chart'
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

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: 'Ctrl+K', label: 'Find a page, a run, a comparison or a command', section: 'Everywhere' },
  { keys: '?', label: 'Show the shortcuts', section: 'Everywhere' },
  { keys: 'Ctrl+Z', label: 'Undo what a notice offered to undo', section: 'Everywhere' },
  { keys: 'Esc', label: 'Close what is open', section: 'Everywhere' },
  ...Object.keys(PAGE_KEYS).map((key): Shortcut => ({ keys: `g ${key}`, label: PAGE_NAMES[key] ?? '', section: 'Go to' })),
  { keys: '+', label: 'Zoom in', section: 'In a chart' },
  { keys: '-', label: 'Zoom out', section: 'In a chart' },
  { keys: '0', label: 'Show all', section: 'In a chart' },
  { keys: '← →', label: 'Move', section: 'In a chart' },
  { keys: 'f', label: 'Full screen', section: 'In a chart' },
  { keys: 'Alt+← →', label: 'Move the chart to another place', section: 'In a chart' },
]

/** Milliseconds between the two keys of a sequence. */
const PATIENCE = 1200

export type KeyMeaning = { kind: 'palette' } | { kind: 'sheet' } | { kind: 'go'; to: string } | null

/** Whether keys that are pressed there are text. */
export function isTyping(target: EventTarget | null): boolean {
  const element = target as Partial<HTMLElement> | null
  if (!element || typeof element.closest !== 'function') return false
  return element.isContentEditable === true || element.closest('input, textarea, select, [role=listbox], [role=menu]') !== null
}

/** Understands what is pressed, one key after the other. */
export function createKeyReader(): (
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target'>,
  now: number,
) => KeyMeaning {
  let waitingSince = -Infinity
  return ({ key, ctrlKey, metaKey, altKey, target }, now) => {
    const waiting = now - waitingSince < PATIENCE
    waitingSince = -Infinity
    if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'k') return { kind: 'palette' }
    if (ctrlKey || metaKey || altKey || isTyping(target)) return null
    if (waiting) {
      const to = PAGE_KEYS[key]
      if (to) return { kind: 'go', to }
    }
    if (key === 'g') waitingSince = now
    return key === '?' ? { kind: 'sheet' } : null
  }
}
