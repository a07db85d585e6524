import { nextTick, onScopeDispose, watch } from 'vue'

/** Where the focus was before each open overlay, the latest last; nearest element first. */
const open: { places: HTMLElement[] }[] = []

const inSight = (element: HTMLElement): boolean =>
  element.isConnected && element.getClientRects().length > 0 && element.closest('.v-overlay:not(.v-overlay--active)') === null

/**
 * The focused element; if it is an entry of a menu, which is about to close, also the menu's activator; and the places to which that one
 * would return.
 */
function placesNow(): HTMLElement[] {
  const focused = document.activeElement
  if (!(focused instanceof HTMLElement) || focused === document.body) return open.at(-1)?.places ?? []
  const menu = focused.closest('.v-overlay')?.id
  const opener = menu ? document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(menu)}"]`) : null
  return [focused, ...(opener ? [opener] : []), ...(open.at(-1)?.places ?? [])]
}

/** Returns the focus when an overlay closes, unless it has moved elsewhere meanwhile. */
export function useReturnFocus(isOpen: () => boolean): void {
  let mine: { places: HTMLElement[] } | null = null
  watch(
    isOpen,
    (now) => {
      if (now && !mine) open.push((mine = { places: placesNow() }))
      else if (!now && mine) {
        const closed = mine
        mine = null
        void nextTick(() => giveBack(closed))
      }
    },
    { flush: 'sync', immediate: true },
  )
  onScopeDispose(() => mine && forget(mine))
}

/** Removes a closed overlay; returns whether another one opened above it is still open. */
function forget(closed: { places: HTMLElement[] }): boolean {
  const at = open.indexOf(closed)
  open.splice(at, 1)
  return at < open.length
}

function giveBack(closed: { places: HTMLElement[] }): void {
  const above = forget(closed)
  const focused = document.activeElement
  const taken = focused instanceof HTMLElement && focused !== document.body && focused.closest('.v-overlay') === null
  if (!above && !taken) closed.places.find(inSight)?.focus({ preventScroll: true })
}
