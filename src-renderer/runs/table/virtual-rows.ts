import { useElementSize } from '@vueuse/core'
import { computed, ref, type Ref } from 'vue'

/** Assumed height until it has been measured, so that the first frame has its rows. */
const HEIGHT_AT_FIRST = 900
/** Number of rows rendered above and below the visible ones. */
const BEYOND = 6

/**
 * Determines which of many rows of equal height have to be rendered. (VueUse's list makes every row deeply reactive, and renders the first
 * ones a frame late.)
 * @param head height of the sticky header in the scrolling element
 */
export function useVirtualRows(element: Readonly<Ref<HTMLElement | null>>, count: () => number, rowHeight: number, head: number) {
  const { height } = useElementSize(element)
  const top = ref(0)
  const first = computed(() => Math.max(0, Math.min(Math.floor(top.value / rowHeight) - BEYOND, count() - 1)))
  const end = computed(() => Math.min(count(), first.value + Math.ceil((height.value || HEIGHT_AT_FIRST) / rowHeight) + 2 * BEYOND))

  function onScroll(): void {
    top.value = element.value?.scrollTop ?? 0
  }
  /** Scrolls only as far as necessary to make the row visible. */
  function reveal(index: number): void {
    const box = element.value
    if (!box) return
    const from = index * rowHeight
    const room = box.clientHeight - head
    if (from < box.scrollTop) box.scrollTop = from
    else if (from + rowHeight > box.scrollTop + room) box.scrollTop = from + rowHeight - room
  }
  /** Number of rows that fit into the visible area. */
  const page = computed(() => Math.max(1, Math.floor((height.value - head) / rowHeight)))

  return { first, end, page, onScroll, reveal }
}
