import { init, type EChartsOption } from '../echarts.js'

/** What is drawn, and its size in points. */
export interface Picture {
  option: EChartsOption
  width: number
  height: number
}

/** A picture as an SVG document with fonts as text. */
export function pictureSvg({ option, width, height }: Picture): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption(option)
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}
