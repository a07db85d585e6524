import type { ChartModel, ReferenceLine } from './chart-model.js'

/** The share of a plot's height that a label needs. */
const ROOM = 0.08

/** The reference lines of a chart from top to bottom; the label of a line counts those too close below it for labels of their own. */
export function labelledReferences({ references, y, logarithmic }: Pick<ChartModel, 'references' | 'y' | 'logarithmic'>): ReferenceLine[] {
  const shown = references.filter(({ value }) => !logarithmic || value > 0).sort((a, b) => b.value - a.value)
  if (!y) return shown
  const inSight = shown.filter(({ value }) => value >= y.min && value <= y.max)
  const scale = (value: number): number => (logarithmic ? Math.log(value) : value)
  const height = scale(y.max) - scale(y.min)
  const near = (above: ReferenceLine, { value }: ReferenceLine): boolean => scale(above.value) - scale(value) < ROOM * height
  const drawn: ReferenceLine[] = []
  for (let i = 0, next = 0; i < inSight.length; i = next) {
    const top = inSight[i] as ReferenceLine
    next = i + 1
    while (next < inSight.length && near(top, inSight[next] as ReferenceLine)) next += 1
    const below = inSight.slice(i + 1, next)
    drawn.push(below.length > 0 ? { ...top, label: `${top.label} and ${below.length} more just below` } : top)
    drawn.push(...below.map((line) => ({ ...line, label: '' })))
  }
  return drawn
}
