import { onScopeDispose, readonly, ref, watch, type Ref } from 'vue'
import type { ConnectionState } from './client/transport.js'

/** Milliseconds without a connection before the user hears of it: while the window opens, and after a loss. */
const PATIENCE = { opening: 5000, lost: 500 }

/** States that say for certain that something is to be done. */
const CERTAIN: readonly ConnectionState[] = ['open', 'refused', 'foreign']

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
      if (CERTAIN.includes(now)) told.value = now
      else timer = setTimeout(() => (told.value = now), now === 'connecting' && !opened ? PATIENCE.opening : PATIENCE.lost)
    },
    { immediate: true },
  )
  return readonly(told)
}
