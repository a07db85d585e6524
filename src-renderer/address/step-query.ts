import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** The step of the checkpoint that is looked at, in the address; null shows the newest. */
export function useStepQuery(): WritableComputedRef<number | null> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => {
      const text = route.query['step']
      return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : null
    },
    set: (step) => void router.replace({ query: { ...route.query, step: step === null ? undefined : String(step) } }),
  })
}
