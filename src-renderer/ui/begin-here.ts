import type { ObjectDirective } from 'vue'

/** Frames for which a menu or dialog may stay invisible while it opens; after that the focus is left alone. */
const FRAMES = 30

const fieldOf = (element: HTMLElement): HTMLElement =>
  element.matches('input, textarea, button') ? element : (element.querySelector<HTMLElement>('input, textarea') ?? element)

/** An overlay that opens is in the document before it is visible, and an invisible element cannot take the focus. */
function focusWhenVisible(field: HTMLElement, frames = FRAMES): void {
  if (!field.isConnected || frames === 0) return
  field.focus()
  if (document.activeElement !== field) requestAnimationFrame(() => focusWhenVisible(field, frames - 1))
}

/**
 * Focuses a field once, when it appears: the initial focus of a dialog, menu or inline editor.
 *
 * HTML's `autofocus` works once per document, and Vuetify's takes the focus again whenever its field is rendered anew, wherever the user
 * has moved on to.
 */
export const vBegin: ObjectDirective<HTMLElement, boolean | undefined> = {
  mounted(element, { value }) {
    if (value !== false) focusWhenVisible(fieldOf(element))
  },
}
