import { isTyping } from '../../ui/typing.js'
import { PAGE_KEYS } from './shortcuts.js'

/** Maximum time between the two keys of a sequence, in milliseconds. */
const PATIENCE = 1200

export type KeyMeaning = { kind: 'palette' } | { kind: 'sheet' } | { kind: 'help' } | { kind: 'go'; to: string } | null

/** Recognizes shortcuts, including sequences of two keys, from single key presses. */
export function createKeyReader(): (
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target'>,
  now: number,
) => KeyMeaning {
  let waitingSince = -Infinity
  return ({ key, ctrlKey, metaKey, altKey, target }, now) => {
    const waiting = now - waitingSince < PATIENCE
    waitingSince = -Infinity
    if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'k') return { kind: 'palette' }
    if (key === 'F1') return { kind: 'help' }
    if (ctrlKey || metaKey || altKey || isTyping(target)) return null
    if (waiting) {
      const to = PAGE_KEYS[key]
      if (to) return { kind: 'go', to }
    }
    if (key === 'g') waitingSince = now
    return key === '?' ? { kind: 'sheet' } : null
  }
}
