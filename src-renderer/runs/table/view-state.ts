import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { onBeforeRouteLeave, useRoute, useRouter, type LocationQuery } from 'vue-router'
import { currentView, type RunView, type SavedRunView } from '../../../src-main/contract/run-views.js'
import { useNotices } from '../../home/notices.js'
import { usePreferences } from '../../home/preferences.js'
import { useRunViews } from './run-views.js'
import { EMPTY_VIEW, hasView, queryOf, sameView, viewOf } from './view-query.js'

/** Milliseconds after the last change until the address is updated, so that typing does not produce twenty addresses. */
const WRITE_AFTER = 250

/**
 * The view of the table of runs. It is kept in the address, so that it works with links and reloads; an address without one shows the last
 * view. A link that only names a saved view (`?view=ID`) shows its stored content.
 */
export function useViewState() {
  const route = useRoute()
  const router = useRouter()
  const preferences = usePreferences()
  const saved = useRunViews()
  const notices = useNotices()
  const path = route.path

  /** An earlier version stored the search with the rest. */
  function lastQuery(): LocationQuery {
    const rest = Object.entries(preferences.runsView).filter(([key]) => key !== 'q')
    return { ...Object.fromEntries(rest), ...(preferences.runsSearch && { q: preferences.runsSearch }) }
  }
  const read = (query: LocationQuery): LocationQuery => (hasView(query) || query['view'] ? query : lastQuery())
  const idOf = (query: LocationQuery): string | null => (typeof query['view'] === 'string' && query['view'] !== '' ? query['view'] : null)

  /** Converts a view to the current columns, and notifies the user if a stored view or a link used outdated ones. */
  function today(given: RunView): RunView {
    const now = currentView(given)
    if (now.replaced.length > 0) notices.show('info', `This view used columns that no longer exist. Replaced: ${now.replaced.join('; ')}.`)
    return now.view
  }

  const begin = read(route.query)
  const view = shallowRef<RunView>(today(viewOf(begin)))
  const viewId = ref<string | null>(idOf(begin))
  /** A saved view whose content has not loaded yet. */
  const awaited = ref(viewId.value !== null && !hasView(begin))
  const current = computed<SavedRunView | null>(() => (viewId.value === null ? null : (saved.byId.get(viewId.value) ?? null)))
  const changed = computed(() => !awaited.value && !sameView(view.value, currentView(current.value?.view ?? EMPTY_VIEW).view))

  let timer: ReturnType<typeof setTimeout> | undefined
  /** Addresses that this page has written but that have not become current yet: when they do, they are not a navigation by the user. */
  const written = new Set<string>()
  const signature = (query: LocationQuery): string => JSON.stringify([viewOf(query), idOf(query)])
  function write(): void {
    const query = { ...queryOf(view.value), ...(viewId.value === null ? {} : { view: viewId.value }) }
    const { q = '', ...rest } = query as Record<string, string | string[]>
    preferences.runsView = rest
    preferences.runsSearch = String(q)
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (router.currentRoute.value.path !== path) return
      const mark = signature(query as LocationQuery)
      if (mark === signature(router.currentRoute.value.query)) return
      written.add(mark)
      void router.replace({ query })
    }, WRITE_AFTER)
  }

  function set(next: Partial<RunView>): void {
    awaited.value = false
    view.value = { ...view.value, ...next }
    write()
  }
  function show(next: SavedRunView | null): void {
    viewId.value = next?.id ?? null
    set(today(next?.view ?? EMPTY_VIEW))
  }

  watch(
    [() => saved.loaded, current] as const,
    ([loaded, found]) => {
      if (!awaited.value || !loaded) return
      if (!found) notices.show('error', 'View not found. It may have been removed. Showing all runs.')
      show(found)
    },
    { immediate: true },
  )

  // The user went back or forward, or followed a link to another view of this page.
  watch(
    () => route.query,
    (query) => {
      if (route.path !== path || written.delete(signature(query))) return
      if (!hasView(query) && idOf(query) === null) return write()
      viewId.value = idOf(query)
      awaited.value = viewId.value !== null && !hasView(query)
      if (!awaited.value) set(today(viewOf(query)))
      else if (current.value) show(current.value)
    },
  )
  if (begin !== route.query && (hasView(begin) || begin['view'])) write()
  // Written while the next page is being loaded, the address would call its navigation off.
  onBeforeRouteLeave(() => clearTimeout(timer))
  onScopeDispose(() => clearTimeout(timer))

  return { view, viewId, current, changed, awaited, set, show }
}

export type ViewState = ReturnType<typeof useViewState>
