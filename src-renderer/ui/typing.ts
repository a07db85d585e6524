/** Elements that take keys as text, or use them to find entries. Checkboxes and sliders do not. */
const TEXT = 'input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [role=listbox], [role=menu]'

/** Whether keys pressed in this element are text. */
export function isTyping(target: EventTarget | null): boolean {
  const element = target as Partial<HTMLElement> | null
  if (!element || typeof element.closest !== 'function') return false
  return element.isContentEditable === true || element.closest(TEXT) !== null
}
