import { computed, ref, type Ref } from 'vue'
import { useTheme } from 'vuetify'
import { useChartSettings } from './chart-settings.js'
import type { ReferenceLine } from './chart-model.js'
import { useChartPage } from './chart-page.js'
import { legendEntries } from './legend-entries.js'
import { axisLimits, type AxisEnd, type LineSpec } from './lines.js'
import type { Span } from './zoom.js'

/** What a page specifies about a chart. */
export interface ChartProps {
  id: string
  title: string
  unit: string
  lines: LineSpec[]
  height: number
  end?: AxisEnd | undefined
  /** The default of the y axis. */
  logarithmic?: boolean | undefined
  /** False for infrequent values, which are never smoothed. */
  smoothable?: boolean | undefined
  /** Whether the legend shows the names of the lines. */
  named?: boolean | undefined
  references?: ReferenceLine[] | undefined
}

/** Up to this number of lines the legend is above the plot; longer legends are a column beside it. */
export const ABOVE = 6

/** State shared by the parts of one chart: its settings and the visible range. */
export function useChartState(props: ChartProps) {
  const settings = useChartSettings()
  const page = useChartPage()
  const theme = useTheme()
  const dark = computed(() => theme.current.value.dark)

  const look = computed(() => settings.look(props.id))
  /** The limits of the x axis without zoom. */
  const whole = computed<Span>((before) => {
    void page.version.value
    const now = axisLimits(props.lines, settings.axis, settings.logarithmicX, props.end ?? {})
    return before?.from === now.from && before.to === now.to ? before : now
  })
  const hidden = computed<ReadonlySet<string>>(() => page.hidden.value.get(props.id) ?? new Set())
  const hide = (keys: ReadonlySet<string>): void => {
    const others = [...page.hidden.value].filter(([id]) => id !== props.id)
    page.hidden.value = new Map(keys.size > 0 ? [...others, [props.id, keys]] : others)
  }
  const large = computed({
    get: () => page.large.value === props.id,
    set: (open) => (page.large.value = open ? props.id : null),
  })
  /** Number of drawn values beyond the ends of the axis. */
  const beyond: Ref<number> = ref(0)
  /** Whether none of the visible values can be shown. */
  const blank: Ref<boolean> = ref(false)

  return {
    props,
    page,
    settings,
    whole,
    span: computed<Span>(() => page.zoom.value ?? whole.value),
    dark,
    logarithmic: computed(() => look.value.logarithmic ?? props.logarithmic ?? false),
    outlierProof: computed(() => look.value.outlierProof ?? false),
    smoothing: computed(() => (props.smoothable === false ? 0 : settings.smoothing)),
    side: computed(() => props.lines.length > ABOVE),
    hidden,
    /** The entries of the legend. */
    entries: computed(() => {
      void page.version.value
      return legendEntries(props.lines, {
        unit: props.unit,
        axis: settings.axis,
        cursor: page.cursor.value,
        hidden: hidden.value,
        dark: dark.value,
      })
    }),
    toggle(key: string): void {
      const next = new Set(hidden.value)
      if (!next.delete(key)) next.add(key)
      hide(next)
    },
    only: (key: string): void => hide(new Set(props.lines.map((line) => line.key).filter((other) => other !== key))),
    showAll: (): void => hide(new Set()),
    large,
    beyond,
    blank,
  }
}
export type ChartState = ReturnType<typeof useChartState>
