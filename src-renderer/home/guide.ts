import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { STEPS } from './guide-steps.js'
import { usePreferences } from './preferences.js'

/** The guided tour: its current step, and whether it was dismissed. It starts only when the user asks for it. */
export const useGuide = defineStore('guide', () => {
  const preferences = usePreferences()
  /** The current step; null if the tour is not active. */
  const at = ref<number | null>(null)
  const step = computed(() => (at.value === null ? null : (STEPS[at.value] ?? null)))

  const begin = (): void => void (at.value = 0)
  /** Ends the tour, before or after its last step; it is not offered again. */
  function leave(): void {
    at.value = null
    preferences.guided = true
  }
  function go(by: 1 | -1): void {
    if (at.value === null) return
    if (at.value + by >= STEPS.length) leave()
    else at.value = Math.max(0, at.value + by)
  }
  /** Steps that the user did unprompted count as done: arriving at a page continues with the first step of that page. */
  function arrive(page: string): void {
    const now = at.value
    if (now === null || STEPS[now]!.page === page) return
    const later = STEPS.findIndex((each, index) => index > now && each.page === page)
    if (later > now) at.value = later
  }
  return { at, step, begin, leave, go, arrive }
})
