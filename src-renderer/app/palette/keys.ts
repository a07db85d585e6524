import { PAGE_KEYS } from './shortcuts.js'

/** Milliseconds between the two keys of a sequence. */
const PATIENCE = 1200

export type KeyMeaning = { kind: 'palette' } | { kind: 'sheet' } | { kind: 'go'; to: string } | null

/** What takes keys as text, or finds entries by them. A box to tick or a slider does not. */
const TEXT = 'input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [role=listbox], [role=menu]'

/** Whether keys that are pressed there are text. */
export function isTyping(target: EventTarget | null): boolean {
  const element = target as Partial<HTMLElement> | null
  if (!element || typeof element.closest !== 'function') return false
  return element.isContentEditable === true || element.closest(TEXT) !== null
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
