import { onScopeDispose, shallowRef, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { readBrushes, writeBrushes, type Brush, type Brushes } from './brush.js'
import { currentId } from './relations.js'

/** Milliseconds to wait after the last change of a brush, so that dragging does not produce a hundred addresses. */
const CALM = 300

/** The brushes of an address, which may come from an earlier version. */
const read = (written: string): Brushes => new Map([...readBrushes(written)].map(([id, brush]) => [currentId(id), brush]))

/** The current brushes, kept in the address as `where`. */
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
  // The address was typed, or the user went back to it.
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
    /** Sets the brush of a quantity, or removes it. */
    set(id: string, brush: Brush | null): void {
      const next = new Map(brushes.value)
      if (brush) next.set(id, brush)
      else next.delete(id)
      change(next)
    },
    clear: (): void => change(new Map()),
  }
}
