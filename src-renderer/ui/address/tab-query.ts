import { computed, type Ref, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/**
 * The tab of a page, kept in its address, so that it works with links and the back button. A page opened without one shows the tab that was
 * open last; an unknown one means the first.
 * @param last stores it for the next page of this kind
 */
export function useTabQuery(tabs: Ref<readonly { value: string }[]>, last: Ref<string>): WritableComputedRef<string> {
  const route = useRoute()
  const router = useRouter()
  const first = (): string => tabs.value[0]?.value ?? ''
  if (route.query['tab'] === undefined && last.value !== first()) void router.replace({ query: { ...route.query, tab: last.value } })
  const tab = computed({
    get: () => tabs.value.find(({ value }) => value === route.query['tab'])?.value ?? first(),
    set(value: string) {
      last.value = value
      // A tab's own state does not carry over to the next tab.
      if (value !== tab.value)
        void router.push({ query: { ...route.query, tab: value, step: undefined, level: undefined, find: undefined } })
    },
  })
  return tab
}
