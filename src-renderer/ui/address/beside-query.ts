import { computed, type Ref, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/**
 * What stands beside the tab of a page, in its address; null: nothing. A page that is opened without it shows what stood there last.
 * @param choices what can stand there
 * @param last remembers it for the next page of the kind; empty for nothing
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
