import { computed, type Ref, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/**
 * The side pane of a page, kept in the page's address; null: no side pane. A page opened without it shows the one that was open last.
 * @param choices the side panes that the page has
 * @param last stores it for the next page of this kind; empty for none
 */
export function useBesideQuery(choices: readonly string[], last: Ref<string>): WritableComputedRef<string | null> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => choices.find((name) => name === (route.query['beside'] ?? last.value)) ?? null,
    set(name) {
      last.value = name ?? ''
      void router.replace({ query: { ...route.query, beside: name ?? undefined } })
    },
  })
}
