import { computed, type Ref, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/**
 * The tab of a page, in its address: it can be linked to and gone back to. A page that is opened without one shows the tab that was looked
 * at last; an unknown one is the first.
 * @param last remembers it for the next page of the kind
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
      // What a tab shows of its own is not the next one's.
      if (value !== tab.value)
        void router.push({ query: { ...route.query, tab: value, step: undefined, level: undefined, find: undefined } })
    },
  })
  return tab
}
