import { computed, ref, type Ref } from 'vue'
import type { Item } from './group.js'
import { partOf, stretch, withChosen } from './selection.js'

export interface RowKeysOptions {
  /** The rows of the table, from the first to the last. */
  items(): readonly Item[]
  /** All runs of the table, including those of collapsed groups. */
  runs(): readonly { id: string }[]
  /** Ids of the selected runs. */
  chosen: Ref<string[]>
  /** The rendered rows, from `first` to before `end`, and the number that fits on the screen. */
  visible(): { first: number; end: number; page: number }
  /** Scrolls to a row. */
  reveal(index: number): void
  open(run: string): void
  toggle(item: Item): void
}

/** The key of a row, unique across groups, studies and runs. */
export const keyOf = (item: Item): string => `${item.kind}-${item.id}`

/** The current row and the selection of the runs table, controlled by keyboard and mouse. */
export function useRowKeys({ items, runs, chosen, visible, reveal, open, toggle }: RowKeysOptions) {
  const chosenSet = computed(() => new Set(chosen.value))
  /** The current row of the keyboard. */
  const current = ref<string | null>(null)
  const currentIndex = computed(() => (current.value === null ? -1 : items().findIndex((item) => keyOf(item) === current.value)))
  const activeRow = computed(() =>
    currentIndex.value >= visible().first && currentIndex.value < visible().end ? `row-${current.value}` : undefined,
  )
  /** The run at which a selected range starts. */
  let anchor: string | null = null

  const all = (on: boolean): void => {
    const ids = runs().map(({ id }) => id)
    chosen.value = withChosen(chosen.value, ids, on)
  }
  function choose(item: Item, range: boolean): void {
    if (item.kind !== 'run') {
      const on = partOf(item.runs, chosenSet.value) !== 'all'
      chosen.value = withChosen(
        chosen.value,
        item.runs.map(({ id }) => id),
        on,
      )
      return
    }
    const shown = items().flatMap((each) => (each.kind === 'run' ? each.id : []))
    if (range) chosen.value = withChosen(chosen.value, stretch(shown, anchor, item.id), true)
    else chosen.value = withChosen(chosen.value, [item.id], !chosenSet.value.has(item.id))
    anchor = item.id
  }
  const activate = (item: Item): void => (item.kind === 'run' ? open(item.id) : toggle(item))

  function press(event: MouseEvent, item: Item): void {
    const target = event.target as HTMLElement
    current.value = keyOf(item)
    if (target.closest('.tick') || event.shiftKey) {
      // The checkbox shows the selection, which the browser's own toggling would contradict.
      if (target.matches('input')) (target as HTMLInputElement).checked = item.kind === 'run' && chosenSet.value.has(item.id)
      return choose(item, event.shiftKey)
    }
    // With these keys, a link opens in another tab or window, as everywhere.
    if (target.closest('a') && (event.ctrlKey || event.metaKey || item.kind === 'study')) return
    event.preventDefault()
    if (String(getSelection()) === '') activate(item)
  }

  function go(index: number, range: boolean): void {
    const next = Math.max(0, Math.min(index, items().length - 1))
    const item = items()[next]
    if (!item) return
    const before = items()[currentIndex.value]
    if (range && before?.kind === 'run' && anchor === null) anchor = before.id
    current.value = keyOf(item)
    reveal(next)
    if (range) {
      if (item.kind === 'run') {
        const from = anchor
        choose(item, true)
        anchor = from ?? item.id
      }
    } else anchor = item.kind === 'run' ? item.id : null
  }

  const MOVES: Record<string, (at: number) => number> = {
    ArrowDown: (at) => at + 1,
    ArrowUp: (at) => (at < 0 ? 0 : at - 1),
    PageDown: (at) => at + visible().page,
    PageUp: (at) => at - visible().page,
    Home: () => 0,
    End: () => items().length - 1,
  }
  function onKey(event: KeyboardEvent): void {
    if (event.target !== event.currentTarget || event.altKey) return
    const item = items()[currentIndex.value]
    const { key, shiftKey } = event
    const move = MOVES[key]
    if (move) go(move(currentIndex.value), shiftKey)
    else if (key === 'a' && (event.ctrlKey || event.metaKey)) all(true)
    else if (event.ctrlKey || event.metaKey) return
    else if (key === 'Escape' && chosen.value.length > 0) chosen.value = []
    else if (!item) return
    else if (key === 'Enter') activate(item)
    else if (key === ' ') choose(item, shiftKey)
    else if (item.kind !== 'run' && ((key === 'ArrowRight' && !item.open) || (key === 'ArrowLeft' && item.open))) toggle(item)
    else if (item.kind === 'run' && item.inside !== undefined && key === 'ArrowLeft')
      go(
        items().findIndex((each) => each.kind === 'study' && each.id === item.inside),
        false,
      )
    else return
    event.preventDefault()
  }

  return { chosenSet, current, activeRow, all, press, onKey }
}
