import { onPaper, type ChartModel } from '../chart-model.js'
import { init } from '../echarts.js'
import { imageOption, imageSize } from './image-option.js'
import { picturePdf } from './picture-pdf.js'
import { pictureSvg, type Picture } from './picture-svg.js'

export { picturePdf, pictureSvg }

const pictureOf = (model: ChartModel): Picture => ({ option: imageOption(model), ...imageSize(model) })

/** The chart as an SVG document with fonts as text. */
export const chartSvg = (model: ChartModel): string => pictureSvg(pictureOf(model))

/** The chart as a PNG of three pixels a point, enough for print at column width. */
export const chartPng = (model: ChartModel): Blob => picturePng(pictureOf(model))

/** The chart as a PDF of vectors on white, one page of its size, with its fonts in it. */
export const chartPdf = (model: ChartModel): Promise<Blob> => picturePdf(pictureOf(onPaper(model)))

/** A picture as a PNG of three pixels a point. */
export function picturePng({ option, width, height }: Picture): Blob {
  const element = document.createElement('div')
  Object.assign(element.style, { width: `${width}px`, height: `${height}px` })
  const chart = init(element, null, { renderer: 'canvas', width, height, devicePixelRatio: 3 })
  try {
    chart.setOption(option)
    const [, base64 = ''] = chart.getDataURL({ type: 'png', pixelRatio: 3 }).split(',')
    // Not by fetch, which the page's content policy keeps to its own server.
    return new Blob([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], { type: 'image/png' })
  } finally {
    chart.dispose()
  }
}
