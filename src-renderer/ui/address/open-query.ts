import { watch, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** Opens a dialog of a page if the address has `?open=NAME`; this is then removed from the address, so that a reload shows the page. */
export function useOpenQuery(name: string, isOpen: Ref<boolean>): void {
  const route = useRoute()
  const router = useRouter()
  watch(
    () => route.query['open'],
    (asked) => {
      if (asked !== name) return
      isOpen.value = true
      void router.replace({ query: { ...route.query, open: undefined } })
    },
    { immediate: true },
  )
}
