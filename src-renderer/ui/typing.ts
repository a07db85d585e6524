/** What takes keys as text, or finds entries by them. A box to tick or a slider does not. */
const TEXT = 'input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [role=listbox], [role=menu]'

/** Whether keys that are pressed there are text. */
export function isTyping(target: EventTarget | null): boolean {
  const element = target as Partial<HTMLElement> | null
  if (!element || typeof element.closest !== 'function') return false
  return element.isContentEditable === true || element.closest(TEXT) !== null
}
