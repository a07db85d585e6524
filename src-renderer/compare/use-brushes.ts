import { onScopeDispose, shallowRef, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { readBrushes, writeBrushes, type Brush, type Brushes } from './brush.js'
import { currentId } from './relations.js'

/** Milliseconds after the last move of a brush: dragging is no reason for a hundred addresses. */
const CALM = 300

/** Brushes of an address, which an earlier version may have written. */
const read = (written: string): Brushes => new Map([...readBrushes(written)].map(([id, brush]) => [currentId(id), brush]))

/** What is brushed, which the address keeps as `where`. */
export function useBrushes() {
  const route = useRoute()
  const router = useRouter()
  const inAddress = (): string => String(route.query['where'] ?? '')
  const brushes = shallowRef<Brushes>(read(inAddress()))
  const { path } = route
  let timer: ReturnType<typeof setTimeout> | undefined
  function write(): void {
    const { query, path: now } = router.currentRoute.value
    const where = writeBrushes(brushes.value) || undefined
    if (now === path && query['where'] !== where) void router.replace({ query: { ...query, where } })
  }
  // An address that was typed, or gone back to.
  watch(inAddress, (written) => {
    if (route.path === path && written !== writeBrushes(brushes.value)) brushes.value = read(written)
  })
  onScopeDispose(() => clearTimeout(timer))

  function change(next: Brushes): void {
    brushes.value = next
    clearTimeout(timer)
    timer = setTimeout(write, CALM)
  }
  return {
    brushes,
    /** Brushes one quantity, or no more. */
    set(id: string, brush: Brush | null): void {
      const next = new Map(brushes.value)
      if (brush) next.set(id, brush)
      else next.delete(id)
      change(next)
    },
    clear: (): void => change(new Map()),
  }
}
