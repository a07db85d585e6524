import { computed, onScopeDispose, ref, watch, type ComputedRef, type Ref } from 'vue'

export interface Play {
  /** The position, from 0 at the start to `last` at the end; fractional while it moves. */
  position: Ref<number>
  /** Whether it moves backward. */
  backward: Ref<boolean>
  playing: Ref<boolean>
  last: ComputedRef<number>
  toggle(): void
  /** Stops at a place. */
  go(position: number): void
}

/** Seconds from one place to the next. */
const STEP = 0.45
/** Maximum duration of the forward animation, in seconds. */
const WAY = 12

/**
 * Animates a position forward and back along places.
 * @param places number of places
 * @param returns whether there is a way back
 */
export function usePlay(places: () => number, returns: () => boolean): Play {
  const position = ref(0)
  const backward = ref(false)
  const playing = ref(false)
  const last = computed(() => Math.max(0, places() - 1))
  let frame = 0
  let before = 0

  function move(now: number): void {
    const step = Math.min(STEP, WAY / Math.max(1, last.value))
    // The timestamp of the first frame can be earlier than the time of its request.
    const by = Math.min(0.1, Math.max(0, now - before) / 1000) / step
    before = now
    if (!backward.value) {
      position.value = Math.min(last.value, position.value + by)
      if (position.value === last.value) {
        if (!returns()) return stop()
        backward.value = true
      }
    } else {
      position.value = Math.max(0, position.value - by)
      if (position.value === 0) return stop()
    }
    frame = requestAnimationFrame(move)
  }

  function stop(): void {
    playing.value = false
    cancelAnimationFrame(frame)
  }

  function toggle(): void {
    if (playing.value) return stop()
    // Restarts from the beginning if it has reached the end.
    if (backward.value ? position.value === 0 : position.value === last.value && !returns()) {
      position.value = 0
      backward.value = false
    }
    playing.value = true
    before = performance.now()
    frame = requestAnimationFrame(move)
  }

  function go(to: number): void {
    stop()
    position.value = Math.min(last.value, Math.max(0, to))
  }

  watch(last, (most) => {
    if (position.value > most) go(most)
  })
  watch(returns, (can) => {
    if (!can) backward.value = false
  })
  onScopeDispose(stop)
  return { position, backward, playing, last, toggle, go }
}
