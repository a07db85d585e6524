import { watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { useChartSettings } from '../stores/chart-settings.js'
import type { ChartPage } from './chart-page.js'
import { X_AXES, type XAxisKind } from './x-axis.js'

/** Keeps what the charts of a page show in its address, and shows what an address asks for. */
export function linkToAddress(page: ChartPage): void {
  const route = useRoute()
  const router = useRouter()
  const settings = useChartSettings()
  const number = (value: unknown): number => (typeof value === 'string' && value !== '' ? Number(value) : NaN)

  const axis = X_AXES.find((kind) => kind === route.query['by'])
  if (axis) settings.axis = axis
  const [from, to] = [number(route.query['from']), number(route.query['to'])]
  if (from < to) page.zoom.value = { from, to }

  // Half a second after the last move: dragging is no reason for a hundred addresses.
  let timer: ReturnType<typeof setTimeout> | undefined
  const path = route.path
  watch([page.zoom, () => settings.axis], ([zoom, by]: [ChartPage['zoom']['value'], XAxisKind]) => {
    clearTimeout(timer)
    const write = (): void => {
      if (router.currentRoute.value.path !== path) return
      const query = { ...router.currentRoute.value.query }
      for (const key of ['from', 'to', 'by']) delete query[key]
      if (zoom) Object.assign(query, { from: String(zoom.from), to: String(zoom.to) })
      if (by !== 'step') query['by'] = by
      void router.replace({ query })
    }
    if (zoom) timer = setTimeout(write, 500)
    else write()
  })
}
