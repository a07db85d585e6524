import { isTyping } from '../ui/typing.js'

/** Elements that handle the arrow keys themselves. */
const OWN = 'input, [role=slider], [role=tab], [role=radiogroup], [role=listbox], [role=menu], [data-chart]'

/** By how many pictures a key moves on: 1, -1 or 0. Presenters send the page keys. */
export function stepOf({
  key,
  target,
  ctrlKey,
  metaKey,
  altKey,
  defaultPrevented,
}: Pick<KeyboardEvent, 'key' | 'target' | 'ctrlKey' | 'metaKey' | 'altKey' | 'defaultPrevented'>): -1 | 0 | 1 {
  if (defaultPrevented || ctrlKey || metaKey || altKey || isTyping(target)) return 0
  if (key === 'PageDown') return 1
  if (key === 'PageUp') return -1
  const element = target as Partial<HTMLElement> | null
  if (typeof element?.closest === 'function' && element.closest(OWN)) return 0
  return key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
}
