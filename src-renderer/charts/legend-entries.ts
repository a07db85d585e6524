import { formatMetric } from '../ui/format.js'
import type { LineSpec } from './lines.js'
import { lineStyle, type LineStyle } from './palette.js'
import type { XAxisKind } from './x-axis.js'

/** An entry of the legend. */
export interface LegendEntry {
  key: string
  label: string
  style: LineStyle
  value: string
  /** The step of that value. */
  step: number
  count: number
  /** The step of the last point. */
  last: number
  hidden: boolean
}

/** The index of the last point at or before a position; of the last point if there is no position. */
function indexAt(line: LineSpec, axis: XAxisKind, x: number | null): number {
  const last = line.buffer.length - 1
  if (x === null) return last
  const map = line.map(axis)
  if (!map) return -1
  const after = map.indexOf(x)
  return after <= last && map.x(after) <= x ? after : after - 1
}

interface Sight {
  unit: string
  axis: XAxisKind
  /** The position of the pointer; null: the legend shows the last value of each line. */
  cursor: number | null
  hidden: ReadonlySet<string>
  dark: boolean
}

/** The legend's entries: the values at the pointer, or the last values, which screen readers announce as well. */
export function legendEntries(lines: readonly LineSpec[], { unit, axis, cursor, hidden, dark }: Sight): LegendEntry[] {
  return lines.map((line, i) => {
    const { key, label, buffer, style } = line
    const at = indexAt(line, axis, cursor)
    return {
      key,
      label,
      style: lineStyle(style ?? i, dark),
      value: at >= 0 ? formatMetric(buffer.value(at), unit) + (line.note?.(at) ?? '') : '–',
      step: buffer.step(Math.max(0, at)),
      count: buffer.length,
      last: buffer.step(buffer.length - 1),
      hidden: hidden.has(key),
    }
  })
}

/** Maximum number of lines in a description, because nobody listens to more. */
const TOLD = 12

/** A description of a chart for screen readers. */
export function describeChart(title: string, axis: string, entries: readonly LegendEntry[]): string {
  const told = entries
    .slice(0, TOLD)
    .map(({ label, value, step, count }) => (count === 0 ? `${label}: no data yet` : `${label}: ${value} at step ${step}`))
  const more = entries.length > TOLD ? `; and ${entries.length - TOLD} more` : ''
  return `${title} by ${axis}. ${told.join('; ')}${more}`
}
