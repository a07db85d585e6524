import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { STEPS } from './guide-steps.js'
import { usePreferences } from './preferences.js'

/** The guided first run: where it is, and that it was left. It begins when it is asked for, and never by itself. */
export const useGuide = defineStore('guide', () => {
  const preferences = usePreferences()
  /** Which step is told; null when none is. */
  const at = ref<number | null>(null)
  const step = computed(() => (at.value === null ? null : (STEPS[at.value] ?? null)))

  const begin = (): void => void (at.value = 0)
  /** Ends it, before or after its last step; it is offered no more. */
  function leave(): void {
    at.value = null
    preferences.guided = true
  }
  function go(by: 1 | -1): void {
    if (at.value === null) return
    if (at.value + by >= STEPS.length) leave()
    else at.value = Math.max(0, at.value + by)
  }
  /** What the user did by himself counts as done: a page that was come to begins with its first step. */
  function arrive(page: string): void {
    const now = at.value
    if (now === null || STEPS[now]!.page === page) return
    const later = STEPS.findIndex((each, index) => index > now && each.page === page)
    if (later > now) at.value = later
  }
  return { at, step, begin, leave, go, arrive }
})
