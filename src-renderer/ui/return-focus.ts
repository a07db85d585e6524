import { nextTick, onScopeDispose, watch } from 'vue'

/** Where the focus was before each of what is open now, the latest last; nearest place first. */
const open: { places: HTMLElement[] }[] = []

const inSight = (element: HTMLElement): boolean =>
  element.isConnected && element.getClientRects().length > 0 && element.closest('.v-overlay:not(.v-overlay--active)') === null

/** What has the focus; where that is an entry of a menu, which closes, then also what opened the menu; and where it was before those. */
function placesNow(): HTMLElement[] {
  const focused = document.activeElement
  if (!(focused instanceof HTMLElement) || focused === document.body) return open.at(-1)?.places ?? []
  const menu = focused.closest('.v-overlay')?.id
  const opener = menu ? document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(menu)}"]`) : null
  return [focused, ...(opener ? [opener] : []), ...(open.at(-1)?.places ?? [])]
}

/** Gives the focus back to where it was when something closes that took it, unless it went elsewhere meanwhile. */
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

/** Whether something opened above it that is still open. */
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
