import { onBeforeUnmount, watch, type Ref } from 'vue'
import { useRouter } from 'vue-router'
import { useTablePlaces } from './table-places.js'

interface KeptTable<Row> {
  /** The element that scrolls. */
  box: Readonly<Ref<HTMLElement | null>>
  /** In their order; none while they are not known. */
  rows(): readonly Row[]
  /** Tells one row from another. */
  keyOf(row: Row): string
  rowHeight: number
  /** Tells one arrangement of the rows from another. */
  view(): string
  /** Called once it has been scrolled, so that the rows there are drawn in the same frame. */
  scrolled(): void
}

/** Keeps where a table of rows of one height is scrolled to, and shows it there again for whoever goes back to its page. */
export function useKeptPlace<Row>({ box, rows, keyOf, rowHeight, view, scrolled }: KeptTable<Row>): void {
  const places = useTablePlaces()
  // Only an entry of the history that was gone back to has one after it; a link begins at the top.
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
