import { init, type EChartsOption } from '../echarts.js'
import { withOrigin, type Origin } from './origin.js'

/** An ECharts option and its size in points. */
export interface Picture {
  option: EChartsOption
  width: number
  height: number
}

/** A picture as an SVG document with text as text, and with its origin. */
export const pictureSvg = (picture: Picture, origin: Origin): string => withOrigin(drawnSvg(picture), origin)

/** The same without metadata, for drawing it elsewhere. */
export function drawnSvg({ option, width, height }: Picture): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption(option)
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}
