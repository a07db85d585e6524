import type { LabTable } from '../../src-main/contract/lab.js'
import { axisTitle } from '../charts/axis-title.js'
import { formatValue } from '../ui/format.js'
import { curvesOf, ENDS, heatCells, type Plot } from './curves.js'

/** A description of the figure in one sentence, for screen readers. */
export function describeFigure(figure: Plot, table: LabTable): string {
  const { title, xAxis, yAxis } = figure
  const axes = `${title}: ${axisTitle(yAxis.label, yAxis.unit)} over ${axisTitle(xAxis.label, xAxis.unit)}`
  if (figure.kind === 'heatmap') {
    const { cells } = heatCells(figure, table)
    const counts = ENDS.map((end) => ({ end, count: cells.filter(({ ended }) => ended === end).length })).filter(({ count }) => count > 0)
    const ended = counts.map(({ end, count }) => `; ${count} ${count === 1 ? 'cell' : 'cells'} ${end}`).join('')
    return `${axes}, coloured by ${axisTitle(figure.valueAxis.label, figure.valueAxis.unit)}${ended}`
  }
  const ends = curvesOf(figure, table).map(({ name, points, zeros = [] }) => {
    const values = [...points.flatMap(([, y]) => (y === null ? [] : [y])), ...zeros.map(() => 0)]
    if (values.length === 0) return `${name}: no values`
    return `${name} from ${formatValue(Math.min(...values), 3)} to ${formatValue(Math.max(...values), 3)}`
  })
  return `${axes}. ${ends.join('; ')}`
}
