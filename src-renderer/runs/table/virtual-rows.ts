import { useElementSize } from '@vueuse/core'
import { computed, ref, type Ref } from 'vue'

/** Taken for the height while it has not been measured, so that the first frame has its rows. */
const HEIGHT_AT_FIRST = 900
/** Rows above and below those in sight. */
const BEYOND = 6

/**
 * Which of many rows of one height have to be in the page. (VueUse's list makes every row deeply reactive, and draws the first ones a
 * frame late.)
 * @param head height of what stays at the top of the scrolled element
 */
export function useVirtualRows(element: Readonly<Ref<HTMLElement | null>>, count: () => number, rowHeight: number, head: number) {
  const { height } = useElementSize(element)
  const top = ref(0)
  const first = computed(() => Math.max(0, Math.min(Math.floor(top.value / rowHeight) - BEYOND, count() - 1)))
  const end = computed(() => Math.min(count(), first.value + Math.ceil((height.value || HEIGHT_AT_FIRST) / rowHeight) + 2 * BEYOND))

  function onScroll(): void {
    top.value = element.value?.scrollTop ?? 0
  }
  /** Scrolls no further than it must for the row to be seen. */
  function reveal(index: number): void {
    const box = element.value
    if (!box) return
    const from = index * rowHeight
    const room = box.clientHeight - head
    if (from < box.scrollTop) box.scrollTop = from
    else if (from + rowHeight > box.scrollTop + room) box.scrollTop = from + rowHeight - room
  }
  /** Rows that fit into what is seen. */
  const page = computed(() => Math.max(1, Math.floor((height.value - head) / rowHeight)))

  return { first, end, page, onScroll, reveal }
}
