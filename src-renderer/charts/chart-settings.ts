import { useLocalStorage } from '@vueuse/core'
import { defineStore } from 'pinia'
import { computed } from 'vue'
import { X_AXES, type XAxisKind } from './x-axis.js'

/** How one chart is shown; absent keys have the chart's own default. */
export interface ChartLook {
  logarithmic?: boolean
  outlierProof?: boolean
  hidden?: boolean
  /** Whether it is among the large charts of its page. */
  large?: boolean
}

export const CHART_SIZES = { small: 150, medium: 190, large: 300 } as const
export type ChartSize = keyof typeof CHART_SIZES

interface Stored {
  axis: XAxisKind
  logarithmicX: boolean
  /** Weight of the past in the exponential moving average; 0 turns it off. */
  smoothing: number
  size: ChartSize
  charts: Record<string, ChartLook>
  /** Ids of charts of all pages in the order chosen by the user; see `arranged`. */
  order: string[]
  /** Formulas with a chart on the pages of runs. */
  formulas: string[]
}

const DEFAULTS: Stored = { axis: 'step', logarithmicX: false, smoothing: 0, size: 'medium', charts: {}, order: [], formulas: [] }

/** How charts are shown in this window; persists across restarts. */
export const useChartSettings = defineStore('chartSettings', () => {
  const stored = useLocalStorage<Stored>('retrace.charts', DEFAULTS, { mergeDefaults: true })

  const field = <K extends keyof Stored>(key: K, valid: (value: Stored[K]) => boolean) =>
    computed<Stored[K]>({
      // Invalid values from an older version, or edited by hand, must not break a page.
      get: () => (valid(stored.value[key]) ? stored.value[key] : DEFAULTS[key]),
      set: (value) => {
        stored.value = { ...stored.value, [key]: value }
      },
    })

  const charts = field('charts', (value) => typeof value === 'object' && value !== null)
  const order = field('order', (value) => Array.isArray(value) && value.every((id) => typeof id === 'string'))

  return {
    axis: field('axis', (value) => X_AXES.includes(value)),
    logarithmicX: field('logarithmicX', (value) => typeof value === 'boolean'),
    smoothing: field('smoothing', (value) => typeof value === 'number' && value >= 0 && value < 1),
    size: field('size', (value) => value in CHART_SIZES),
    /** Settings of charts that differ from the defaults, by chart id. */
    charts,
    look: (id: string): ChartLook => charts.value[id] ?? {},
    setLook(id: string, change: ChartLook): void {
      charts.value = { ...charts.value, [id]: { ...charts.value[id], ...change } }
    },
    formulas: field('formulas', (value) => Array.isArray(value) && value.every((text) => typeof text === 'string')),
    order,
    /** Puts the charts of a page into this order; their order relative to charts of other pages has no meaning. */
    arrange(ids: readonly string[]): void {
      order.value = [...ids, ...order.value.filter((id) => !ids.includes(id))]
    },
    /** Ids of the hidden charts. */
    hidden: computed(() => Object.keys(charts.value).filter((id) => charts.value[id]?.hidden)),
    /** Saves the current settings; the returned function restores them. */
    memento(): () => void {
      const now = stored.value
      return () => (stored.value = now)
    },
    /** Restores the defaults. */
    reset(): void {
      stored.value = { ...DEFAULTS }
    },
  }
})
