import { onScopeDispose, watch } from 'vue'
import { useRoute, useRouter, type LocationQuery } from 'vue-router'
import { decode, encode, looksText, parseLooks } from './address-words.js'
import { useChartSettings } from './chart-settings.js'
import type { ChartPage } from './chart-page.js'
import { X_AXES } from './x-axis.js'

/** The query keys that describe what charts show. */
export const CHART_QUERY = ['from', 'to', 'by', 'log', 'smooth', 'hide', 'full', 'y'] as const

const text = (query: LocationQuery, key: (typeof CHART_QUERY)[number]): string => {
  const value = query[key]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}
const number = (value: string): number => (value === '' ? NaN : Number(value))

/** The hidden lines, as `chart~line` separated by commas; names are encoded, so that they contain neither separator. */
const hiddenText = (hidden: ChartPage['hidden']['value']): string =>
  [...hidden].flatMap(([chart, lines]) => [...lines].map((line) => [chart, line].map(encode).join('~'))).join(',')
function parseHidden(written: string): Map<string, Set<string>> {
  const hidden = new Map<string, Set<string>>()
  for (const pair of written.split(',')) {
    const [chart, line, ...rest] = pair.split('~').map(decode)
    if (chart && line && rest.length === 0) hidden.set(chart, (hidden.get(chart) ?? new Set()).add(line))
  }
  return hidden
}
/** Keeps the state of a page's charts in its address, and applies the state that an address contains. */
export function linkToAddress(page: ChartPage): void {
  const route = useRoute()
  const router = useRouter()
  const settings = useChartSettings()

  /** View settings that the address lacks stay as they are; the zoomed range and the hidden lines are reset. */
  function read(query: LocationQuery): void {
    const axis = X_AXES.find((kind) => kind === text(query, 'by'))
    if (axis) settings.axis = axis
    if (text(query, 'log')) settings.logarithmicX = text(query, 'log') === 'yes'
    const smoothing = number(text(query, 'smooth'))
    if (smoothing >= 0 && smoothing < 1) settings.smoothing = smoothing
    const [from, to] = [number(text(query, 'from')), number(text(query, 'to'))]
    page.zoom.value = from < to ? { from, to } : null
    page.hidden.value = parseHidden(text(query, 'hide'))
    page.large.value = text(query, 'full') || null
    for (const [chart, look] of parseLooks(text(query, 'y'))) settings.setLook(chart, look)
  }

  const state = (): Record<string, string> => {
    const zoom = page.zoom.value
    const looks = looksText(settings.charts)
    return {
      ...(zoom ? { from: String(zoom.from), to: String(zoom.to) } : {}),
      ...(settings.axis === 'step' ? {} : { by: settings.axis }),
      ...(settings.logarithmicX ? { log: 'yes' } : {}),
      ...(settings.smoothing > 0 ? { smooth: String(settings.smoothing) } : {}),
      ...(page.hidden.value.size > 0 ? { hide: hiddenText(page.hidden.value) } : {}),
      ...(page.large.value ? { full: page.large.value } : {}),
      ...(looks === '' ? {} : { y: looks }),
    }
  }

  const written = (query: LocationQuery): string => JSON.stringify(CHART_QUERY.map((key) => text(query, key)))
  const wanted = (): string => written(state())
  read(route.query)

  // Waits for half a second after the last change, so that dragging does not produce a hundred addresses.
  let timer: ReturnType<typeof setTimeout> | undefined
  const path = route.path
  /** The query written last: when it arrives, the page may have changed again. */
  let ours = ''
  function write(): void {
    const { query, path: now } = router.currentRoute.value
    if (now !== path || written(query) === wanted()) return
    const others = Object.fromEntries(Object.entries(query).filter(([key]) => !(CHART_QUERY as readonly string[]).includes(key)))
    ours = wanted()
    void router.replace({ query: { ...others, ...state() } })
  }
  const writeSoon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(write, 500)
  }
  watch(wanted, writeSoon, { immediate: true })
  // The address was typed, or the user went back to it.
  watch(
    () => written(route.query),
    (query) => {
      const arrived = query === ours
      ours = ''
      if (route.path !== path || arrived || query === wanted()) return
      read(route.query)
      writeSoon()
    },
  )
  onScopeDispose(() => clearTimeout(timer))
}
