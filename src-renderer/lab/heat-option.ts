import type { Cell, LabTable } from '../../src-main/contract/lab.js'
import { axisTitle } from '../charts/axis-title.js'
import type { CustomSeriesOption, EChartsOption } from '../charts/echarts.js'
import { chartTheme, heatColours, tooltipStyle, type ChartTheme } from '../charts/palette.js'
import { escapeHtml } from '../ui/escape-html.js'
import { axisOption } from './axis-option.js'
import { drawn, ENDS, heatCells, heatOf, valuesOf, type Axis, type End, type Plot } from './curves.js'
import { frame, valueText } from './figure-frame.js'

interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** Distance of the lines of a hatch. */
const APART = 9

/** The directions of a hatch, so that both outcomes can be distinguished without colour: rising lines, or crossed ones. */
const WAYS: Readonly<Record<End, readonly (1 | -1)[]>> = { diverged: [1], failed: [1, -1] }

/** The same as icons of a legend. */
const ICONS: Readonly<Record<End, string>> = {
  diverged: 'path://M0,0H16V12H0ZM0,6L6,0M2,12L14,0M10,12L16,6',
  failed: 'path://M0,0H16V12H0ZM0,6L6,0M2,12L14,0M10,12L16,6M0,6L6,12M2,0L14,12M10,0L16,6',
}

/** Lines at 45 degrees that fill a box, each from edge to edge. Pure. */
export function hatchLines({ x, y, width, height }: Box, way: 1 | -1): { x1: number; y1: number; x2: number; y2: number }[] {
  const lines = []
  for (let at = APART / 2; at < width + height; at += APART) {
    // From the left or bottom edge to the top or right one.
    const [from, to] = [Math.max(0, at - height), Math.min(at, width)]
    const up = (along: number): number => (way === 1 ? y + at - along : y + height - at + along)
    lines.push({ x1: x + from, y1: up(from), x2: x + to, y2: up(to) })
  }
  return lines
}

const hatched = (box: Box, end: End, { error, surface }: ChartTheme) => ({
  type: 'group' as const,
  silent: true,
  children: [
    { type: 'rect' as const, shape: box, style: { fill: 'none', stroke: error, lineWidth: 1 } },
    ...WAYS[end].flatMap((way) =>
      // Outlined in the background colour, so that the hatch is visible on every colour.
      hatchLines(box, way).flatMap((shape) => [
        { type: 'line' as const, shape, style: { stroke: surface, lineWidth: 3, opacity: 0.6 } },
        { type: 'line' as const, shape, style: { stroke: error, lineWidth: 1 } },
      ]),
    ),
  ],
})

/** The option of a heat map: a colour for each value, and hatches for cells whose runs ended without one. Pure. */
export function heatmapOption(
  figure: Extract<Plot, { kind: 'heatmap' }>,
  table: LabTable,
  dark: boolean,
  scale: readonly Cell[],
): EChartsOption {
  const theme = chartTheme(dark)
  const { xAxis, yAxis, valueAxis } = figure
  const shown = valuesOf(table, figure.value).map((cell) => drawn(cell, valueAxis))
  const { columns, rows, cells } = heatCells(figure, table)
  const known = [...cells.map(({ value }) => value), ...scale.map((cell) => heatOf(cell, valueAxis))].filter((value) => value !== null)
  const category = (axis: Axis, data: string[], isAcross: boolean) => ({
    ...axisOption(axis, theme, isAcross),
    type: 'category' as const,
    data,
    axisLabel: { color: theme.faint, fontSize: 11, hideOverlap: true },
  })
  const end = (value: number): string => valueText(valueAxis.log ? 10 ** value : value, valueAxis, 3)
  const [low, high] = known.length > 0 ? [Math.min(...known), Math.max(...known)] : [0, 1]
  const ended = ENDS.map((end) => ({ end, cells: cells.filter((cell) => cell.ended === end) })).filter((each) => each.cells.length > 0)
  return {
    ...frame(theme, 0),
    legend: {
      show: ended.length > 0,
      left: 8,
      top: 0,
      itemWidth: 16,
      itemHeight: 12,
      selectedMode: false,
      textStyle: { color: theme.text, fontSize: 12 },
      data: ended.map(({ end }) => ({
        name: end,
        icon: ICONS[end],
        itemStyle: { color: 'none', borderColor: theme.error, borderWidth: 1.2 },
      })),
    },
    tooltip: {
      ...tooltipStyle(theme),
      formatter: (point) => {
        const [column, row, , at] = (Array.isArray(point) ? point[0]! : point).value as number[]
        const title = axisTitle(valueAxis.label, valueAxis.unit)
        return `${escapeHtml(columns[column!]!)}, ${escapeHtml(rows[row!]!)}<br>${escapeHtml(title)} <b>${valueText(shown[at!], valueAxis)}</b>${cells[at!]!.ended === null ? '' : `<br>${cells[at!]!.ended}`}`
      },
    },
    visualMap: {
      show: known.length > 0,
      // Excludes the hatches, which are separate series.
      seriesIndex: 0,
      type: 'continuous',
      dimension: 2,
      min: low,
      max: high,
      calculable: false,
      orient: 'horizontal',
      right: 8,
      top: 0,
      itemHeight: 120,
      itemWidth: 10,
      text: [end(high), `${axisTitle(valueAxis.label, valueAxis.unit)}  ${end(low)}`],
      textStyle: { color: theme.faint, fontSize: 11 },
      inRange: { color: heatColours(dark) },
    },
    xAxis: category(xAxis, columns, true),
    yAxis: category(yAxis, rows, false),
    series: [
      {
        type: 'heatmap',
        data: cells.flatMap(({ column, row, value, at }) => (value === null ? [] : [[column, row, value, at]])),
        progressive: 0,
      },
      ...ended.map(
        ({ end, cells: marked }) =>
          ({
            type: 'custom' as const,
            name: end,
            data: marked.map(({ column, row, value, at }) => [column, row, value, at]),
            encode: { x: 0, y: 1 },
            itemStyle: { color: theme.error },
            renderItem: (_params, api) => {
              const [x, y] = api.coord([api.value(0), api.value(1)]) as [number, number]
              const [width, height] = api.size!([1, 1]) as [number, number]
              return hatched({ x: x - width / 2, y: y - height / 2, width, height }, end, theme)
            },
          }) satisfies CustomSeriesOption,
      ),
    ],
  }
}
