import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { onBeforeRouteLeave, useRoute, useRouter, type LocationQuery } from 'vue-router'
import { currentView, type RunView, type SavedRunView } from '../../../src-main/contract/run-views.js'
import { useNotices } from '../../home/notices.js'
import { usePreferences } from '../../home/preferences.js'
import { useRunViews } from './run-views.js'
import { EMPTY_VIEW, hasView, queryOf, sameView, viewOf } from './view-query.js'

/** Milliseconds after the last change until the address says it: typing is no reason for twenty addresses. */
const WRITE_AFTER = 250

/**
 * How the table of runs is looked at. It is in the address, so that it can be linked to and reloaded; an address that says nothing
 * shows what was shown last. A link to a named view alone (`?view=ID`) shows what is saved in it.
 */
export function useViewState() {
  const route = useRoute()
  const router = useRouter()
  const preferences = usePreferences()
  const saved = useRunViews()
  const notices = useNotices()
  const path = route.path

  /** An earlier version kept the search with the rest. */
  function lastQuery(): LocationQuery {
    const rest = Object.entries(preferences.runsView).filter(([key]) => key !== 'q')
    return { ...Object.fromEntries(rest), ...(preferences.runsSearch && { q: preferences.runsSearch }) }
  }
  const read = (query: LocationQuery): LocationQuery => (hasView(query) || query['view'] ? query : lastQuery())
  const idOf = (query: LocationQuery): string | null => (typeof query['view'] === 'string' && query['view'] !== '' ? query['view'] : null)

  /** The view with the columns of today; says so where a view, or a link, is from before. */
  function today(given: RunView): RunView {
    const now = currentView(given)
    if (now.replaced.length > 0) notices.show('info', `This view used columns that no longer exist. Replaced: ${now.replaced.join('; ')}.`)
    return now.view
  }

  const begin = read(route.query)
  const view = shallowRef<RunView>(today(viewOf(begin)))
  const viewId = ref<string | null>(idOf(begin))
  /** A named view whose content has not come yet. */
  const awaited = ref(viewId.value !== null && !hasView(begin))
  const current = computed<SavedRunView | null>(() => (viewId.value === null ? null : (saved.byId.get(viewId.value) ?? null)))
  const changed = computed(() => !awaited.value && !sameView(view.value, currentView(current.value?.view ?? EMPTY_VIEW).view))

  let timer: ReturnType<typeof setTimeout> | undefined
  /** What this page has written and the address has not come to yet: no one else's wish, however late it arrives. */
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

  // Back, forward, or a link to another view of the same page.
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
