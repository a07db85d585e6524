import type { EChartsOption } from '../../charts/echarts.js'
import { escapeLatex, lettersNote } from '../../charts/export/latex-text.js'
import type { Picture } from '../../charts/export/picture-svg.js'
import { ShapePen } from '../../charts/export/shape-pen.js'
import { FONT } from '../../charts/frame-option.js'
import { chartTheme, lineStyle } from '../../charts/palette.js'
import type { Plot } from '../../charts/scales.js'
import { cellsOf, drawScene, extentAt, isVisible, markOf, placesAt, SHADE, shapeOf, type FlowScene } from './draw-flow.js'

/** A scene at one position, with the texts for a file. */
export interface PlacedScene {
  scene: FlowScene
  position: number
  title: string
  /** A label of the position. */
  place: string
  nameOf(label: number): string
}

const classesOf = (scene: FlowScene): number[] =>
  [...new Set(scene.labels)].filter((label) => isVisible(scene, label)).sort((a, b) => a - b)

/** Explains the rings and the plane, if there are any. */
function explained({ scene }: PlacedScene): string[] {
  const missed = scene.labels.some((label, at) => isVisible(scene, label) && scene.predicted[at] !== label)
  return [...(missed ? ['red rings: misclassified'] : []), ...(scene.lattice ? ['plane: predicted class of each input'] : [])]
}

const SIZE = { width: 720, height: 600 }

/** The scene with axes, title and a legend of its classes on the light background of paper, drawn by the same code as the screen. Pure. */
export function flowPicture(placed: PlacedScene): Picture {
  const { scene, position, title, place, nameOf } = placed
  const theme = chartTheme(false)
  const [left, right, bottom, top] = extentAt(scene.extents, position)
  const axis = (name: string, min: number, max: number, nameGap: number) => ({
    type: 'value' as const,
    min,
    max,
    name,
    nameLocation: 'middle' as const,
    nameGap,
    nameTextStyle: { color: theme.text, fontSize: 12 },
    axisLine: { show: true, onZero: false, lineStyle: { color: theme.faint } },
    // The limits of the axes are those of the picture, which are not round.
    axisLabel: { color: theme.faint, fontSize: 11, showMinLabel: false, showMaxLabel: false },
    splitLine: { lineStyle: { color: theme.grid } },
  })
  const option: EChartsOption = {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: {
      text: title,
      subtext: [place, ...explained(placed)].join('; '),
      left: 12,
      top: 8,
      itemGap: 6,
      textStyle: { color: theme.text, fontSize: 14 },
      subtextStyle: { color: theme.faint, fontSize: 11 },
    },
    legend: { bottom: 6, left: 'center', itemWidth: 10, itemHeight: 10, textStyle: { color: theme.text, fontSize: 12 } },
    grid: { left: 64, right: 20, top: 62, bottom: 82 },
    xAxis: axis(scene.axes[0], left, right, 26),
    yAxis: axis(scene.axes[1], bottom, top, 44),
    series: [
      {
        type: 'custom' as const,
        silent: true,
        data: [[left, bottom]],
        renderItem: (params: unknown) => {
          const { x, y, width, height } = (params as { coordSys: Record<'x' | 'y' | 'width' | 'height', number> }).coordSys
          const plot: Plot = { left: x, top: y, width, height }
          const pen = new ShapePen()
          drawScene(pen, plot, scene, position, false)
          return { type: 'group', children: pen.groups.filter(({ children }) => children.length > 0) }
        },
      },
      // Empty series for the legend.
      ...classesOf(scene).map((label) => ({
        type: 'scatter' as const,
        name: nameOf(label),
        symbol: `path://${markOf(label, 5)}`,
        itemStyle: { color: lineStyle(label, false).color, opacity: 1 },
        data: [],
      })),
    ] as EChartsOption['series'],
  }
  return { option, ...SIZE }
}

/** pgfplots markers in the order of the classes' shapes. */
const MARKS = ['*', 'diamond*', 'triangle*', 'pentagon*']

/** The scene as pgfplots source: points by class, a ring around misclassified ones, and the cells of the plane. */
export function flowPgfplots({ scene, position, title, place, nameOf }: PlacedScene): string {
  const { labels, predicted, lattice, axes, points } = scene
  const [left, right, bottom, top] = extentAt(scene.extents, position)
  const known = placesAt(points, position).flatMap(([x, y], at) =>
    Number.isFinite(x) && Number.isFinite(y) && isVisible(scene, labels[at]!)
      ? [{ label: labels[at]!, missed: predicted[at] !== labels[at], x, y }]
      : [],
  )
  const cells = lattice ? cellsOf(lattice, placesAt(lattice, position)) : []
  const classes = [...new Set([...labels, ...cells.map(({ label }) => label)])].sort((a, b) => a - b)
  const hex = (color: string): string => color.slice(1).toUpperCase()
  const table = (some: readonly { x: number; y: number }[]): string[] => some.map(({ x, y }) => `${x} ${y}`)
  const source = [
    ...classes.map((label) => `\\definecolor{retrace${label}}{HTML}{${hex(lineStyle(label, false).color)}}`),
    `\\definecolor{retraceMissed}{HTML}{${hex(chartTheme(false).error)}}`,
    '\\begin{tikzpicture}',
    `\\begin{axis}[${[
      `title={${escapeLatex(`${title}: ${place}`)}}`,
      `xlabel={${escapeLatex(axes[0])}}`,
      `ylabel={${escapeLatex(axes[1])}}`,
      `xmin=${left}, xmax=${right}, ymin=${bottom}, ymax=${top}`,
      'legend pos=outer north east',
      'legend cell align=left',
    ].join(', ')}]`,
    ...classes.flatMap((label) => {
      const own = cells.filter((cell) => cell.label === label)
      if (own.length === 0) return []
      const path = own.map(({ corners }) => `${corners.map(([x, y]) => `(axis cs:${x},${y})`).join(' -- ')} -- cycle`)
      return [`\\fill[retrace${label}, opacity=${SHADE}]`, ...path, ';']
    }),
    ...classes.flatMap((label) => {
      const own = known.filter((point) => point.label === label)
      if (own.length === 0) return []
      return [
        `\\addplot[only marks, mark=${MARKS[shapeOf(label)]}, mark size=1.5pt, retrace${label}] table {`,
        ...table(own),
        '};',
        `\\addlegendentry{${escapeLatex(nameOf(label))}}`,
      ]
    }),
    ...(known.some(({ missed }) => missed)
      ? [
          '\\addplot[only marks, mark=o, mark size=2.2pt, thick, retraceMissed] table {',
          ...table(known.filter(({ missed }) => missed)),
          '};',
          '\\addlegendentry{misclassified}',
        ]
      : []),
    '\\end{axis}',
    '\\end{tikzpicture}',
    '',
  ].join('\n')
  return ['% Needs \\usepackage{pgfplots,xcolor} and \\pgfplotsset{compat=1.18}.', ...lettersNote(source), source].join('\n')
}
