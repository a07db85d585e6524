import { nextTick, ref, watch, type Ref } from 'vue'
import { useRoute, useRouter, type LocationQueryRaw, type Router } from 'vue-router'

/** Pending changes to the address of a window: without it, each of two writes in a row would discard the other. */
const unwritten = new WeakMap<Router, LocationQueryRaw>()

function write(router: Router, key: string, text: string | undefined): void {
  const { path } = router.currentRoute.value
  const waiting = unwritten.get(router)
  if (waiting) return void (waiting[key] = text)
  const changes: LocationQueryRaw = { [key]: text }
  unwritten.set(router, changes)
  void nextTick(() => {
    unwritten.delete(router)
    const { path: now, query } = router.currentRoute.value
    if (now === path) void router.replace({ query: { ...query, ...changes } })
  })
}

/**
 * Page state that is kept in the address, so that it works with links, reloads and the back button.
 * @param read parses the text of the address, undefined if it has none; an invalid text gives the default
 * @param written undefined removes it from the address
 */
export function useQueryRef<T>(key: string, read: (text: string | undefined) => T, written: (value: T) => string | undefined): Ref<T> {
  const route = useRoute()
  const router = useRouter()
  const { path } = route
  const said = (): string | undefined => {
    const text = route.query[key]
    return typeof text === 'string' ? text : undefined
  }
  const value = ref(read(said())) as Ref<T>
  watch(value, (now) => {
    if (written(now) !== said()) write(router, key, written(now))
  })
  watch(said, (now) => {
    if (route.path === path && now !== written(value.value)) value.value = read(now)
  })
  return value
}

/** One of several choices, the first of which is the default. */
export const useChoiceQuery = <T extends string>(key: string, choices: readonly [T, ...T[]]): Ref<T> =>
  useQueryRef<T>(
    key,
    (text) => choices.find((choice) => choice === text) ?? choices[0],
    (value) => (value === choices[0] ? undefined : value),
  )

/** An index counted from zero; null: none. */
export const usePlaceQuery = (key: string): Ref<number | null> =>
  useQueryRef<number | null>(
    key,
    (text) => (text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null),
    (value) => (value === null ? undefined : String(value)),
  )

/** The text of a search. */
export const useTextQuery = (key: string): Ref<string> =>
  useQueryRef(
    key,
    (text) => (text ?? '').slice(0, 200),
    (value) => value || undefined,
  )
