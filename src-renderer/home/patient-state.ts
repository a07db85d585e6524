import { onScopeDispose, readonly, ref, watch, type Ref } from 'vue'
import type { ConnectionState } from './client/transport.js'

/** Milliseconds without a connection before the user is told: while the window opens, and after a loss. */
const PATIENCE = { opening: 5000, lost: 500 }

/** States that are final enough to be shown at once. */
const CERTAIN: readonly ConnectionState[] = ['open', 'refused', 'foreign']

/** The connection state as shown to the user: a window that is opening is not yet disconnected, and short interruptions are not shown. */
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
