import { effectScope, onScopeDispose, shallowReactive, watch, type EffectScope, type Ref } from 'vue'

/**
 * Keeps one object for each of several ids while the calling scope lives; each has a scope of its own, which ends when its id is removed.
 */
export function useEach<T>(ids: Ref<readonly string[]>, open: (id: string) => T): Map<string, T> {
  const each = shallowReactive(new Map<string, T>())
  const scopes = new Map<string, EffectScope>()
  watch(
    ids,
    (now) => {
      for (const [id, scope] of scopes) {
        if (now.includes(id)) continue
        scope.stop()
        scopes.delete(id)
        each.delete(id)
      }
      for (const id of now) {
        if (scopes.has(id)) continue
        // Detached: it is stopped when its id is removed, and at the latest with the calling scope.
        const scope = effectScope(true)
        scopes.set(id, scope)
        scope.run(() => each.set(id, open(id)))
      }
    },
    { immediate: true },
  )
  onScopeDispose(() => scopes.forEach((scope) => scope.stop()))
  return each
}
