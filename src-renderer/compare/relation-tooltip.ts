import { tooltipStyle, type ChartTheme } from '../charts/palette.js'
import { escapeHtml } from '../ui/escape-html.js'
import type { RunInfo } from './groups.js'
import { shown, type Quantity } from './relations.js'

/** The tooltip of charts with one series per run: the name of the run, and its value of each quantity. Pure. */
export const relationTooltip = (runs: readonly RunInfo[], quantities: readonly Quantity[], theme: ChartTheme) => ({
  trigger: 'item' as const,
  ...tooltipStyle(theme),
  formatter: (item: unknown): string => {
    const { seriesIndex = 0 } = item as { seriesIndex?: number }
    const values = quantities.map(
      (quantity) => `${escapeHtml(quantity.title)} <b>${escapeHtml(shown(quantity, quantity.values[seriesIndex]))}</b>`,
    )
    return [`<b>${escapeHtml(runs[seriesIndex]?.name ?? '')}</b>`, ...values].join('<br>')
  },
})
