import { onScopeDispose, readonly, ref, watch, type Ref } from 'vue'
import type { ConnectionState } from './transport.js'

/** Milliseconds without a connection before the user hears of it: while the window opens, and after a loss. */
const PATIENCE = { opening: 5000, lost: 500 }

/**
 * The state of the connection as a user should hear of it: a window that opens is not yet without a connection, and a blink of a
 * connection is nobody's business.
 */
export function patientState(state: Ref<ConnectionState>): Readonly<Ref<ConnectionState>> {
  const told = ref<ConnectionState>('open')
  let opened = false
  let timer: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(timer))
  watch(
    state,
    (now) => {
      clearTimeout(timer)
      opened ||= now === 'open'
      if (now === 'connecting') timer = setTimeout(() => (told.value = now), opened ? PATIENCE.lost : PATIENCE.opening)
      else told.value = now
    },
    { immediate: true },
  )
  return readonly(told)
}
