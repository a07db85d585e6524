import { onBeforeUnmount, watch, type Ref } from 'vue'
import { useRouter } from 'vue-router'
import { useTablePlaces } from './table-places.js'

interface KeptTable<Row> {
  /** The scrolling element. */
  box: Readonly<Ref<HTMLElement | null>>
  /** In their order; none while they are loading. */
  rows(): readonly Row[]
  /** Identifies a row. */
  keyOf(row: Row): string
  rowHeight: number
  /** Identifies an arrangement of the rows. */
  view(): string
  /** Called after scrolling, so that the rows there are rendered in the same frame. */
  scrolled(): void
}

/** Stores the scroll position of a table with rows of equal height, and restores it when the user goes back to its page. */
export function useKeptPlace<Row>({ box, rows, keyOf, rowHeight, view, scrolled }: KeptTable<Row>): void {
  const places = useTablePlaces()
  // Only a history entry reached by going back has a forward entry; a link starts at the top.
  let wanted = useRouter().options.history.state['forward'] ? places.byView.get(view()) : undefined

  watch(
    () => box.value !== null && rows().length > 0,
    (there) => {
      if (!there || !wanted || !box.value) return
      const { row } = wanted
      const index = rows().findIndex((each) => keyOf(each) === row)
      box.value.scrollTop = index < 0 ? wanted.top : index * rowHeight + wanted.beyond
      box.value.scrollLeft = wanted.left
      wanted = undefined
      scrolled()
    },
    { flush: 'post', immediate: true },
  )
  onBeforeUnmount(() => {
    if (!box.value) return
    const { scrollTop: top, scrollLeft: left } = box.value
    const index = Math.floor(top / rowHeight)
    const row = rows()[index]
    if (row !== undefined) places.byView.set(view(), { row: keyOf(row), beyond: top - index * rowHeight, top, left })
  })
}
