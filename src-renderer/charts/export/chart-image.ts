import { onPaper, type ChartModel } from '../chart-model.js'
import { init } from '../echarts.js'
import { imageOption, imageSize } from './image-option.js'
import { CREATOR, type Origin } from './origin.js'
import { picturePdf } from './picture-pdf.js'
import { pictureSvg, type Picture } from './picture-svg.js'
import { withTexts } from './png-text.js'

export { picturePdf, pictureSvg }

/**
 * A chart as a picture, with its title, its legend and all marks.
 * @param paper whether to use the colours for paper instead of the window's
 */
export function chartPicture(model: ChartModel, paper: boolean): Picture {
  const shown = paper ? onPaper(model) : model
  return { option: imageOption(shown), ...imageSize(shown) }
}

/** A picture as a PNG with three pixels per point, enough for print at column width, with its origin in the metadata. */
export function picturePng({ option, width, height }: Picture, { title, command, page }: Origin): Blob {
  const element = document.createElement('div')
  Object.assign(element.style, { width: `${width}px`, height: `${height}px` })
  const chart = init(element, null, { renderer: 'canvas', width, height, devicePixelRatio: 3 })
  try {
    chart.setOption(option)
    const [, base64 = ''] = chart.getDataURL({ type: 'png', pixelRatio: 3 }).split(',')
    // Decoded without fetch, which the content security policy restricts to the page's own server.
    const png = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
    return withTexts(png, { Title: title, Software: CREATOR, Source: command, ...(page ? { Comment: page } : {}) })
  } finally {
    chart.dispose()
  }
}
