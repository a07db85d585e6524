import { CustomChart } from 'echarts/charts'
import { LegendComponent, TitleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import '../charts/echarts.js'
import type { EChartsOption } from '../charts/echarts.js'
import type { ChartModel } from '../charts/chart-model.js'
import { imageOption, imageSize } from './image-option.js'

use([CustomChart, LegendComponent, TitleComponent, SVGRenderer])

/** What is drawn, and its size in points. */
export interface Picture {
  option: EChartsOption
  width: number
  height: number
}

const pictureOf = (model: ChartModel, title: string): Picture => ({ option: imageOption(model, title), ...imageSize(model) })

/** The chart as an SVG document with fonts as text. */
export const chartSvg = (model: ChartModel, title: string): string => pictureSvg(pictureOf(model, title))

/** The chart as a PNG of three pixels a point, enough for print at column width. */
export const chartPng = (model: ChartModel, title: string): Blob => picturePng(pictureOf(model, title))

/** The chart as a PDF of vectors, one page of its size. */
export const chartPdf = (model: ChartModel, title: string): Promise<Blob> => picturePdf(pictureOf({ ...model, dark: false }, title))

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

/** A picture as a PDF of vectors, one page of its size. */
export async function picturePdf(picture: Picture): Promise<Blob> {
  const [{ jsPDF }, { svg2pdf }] = await Promise.all([import('jspdf'), import('svg2pdf.js')])
  const { width, height } = picture
  const svg = new DOMParser().parseFromString(pictureSvg(picture), 'image/svg+xml').documentElement
  const pdf = new jsPDF({ unit: 'pt', format: [width, height], orientation: width > height ? 'landscape' : 'portrait' })
  await svg2pdf(svg, pdf, { x: 0, y: 0, width, height })
  return pdf.output('blob')
}
