import { CustomChart } from 'echarts/charts'
import { LegendComponent, TitleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import '../charts/echarts.js'
import type { ChartModel } from '../charts/chart-model.js'
import { imageOption, imageSize } from './image-option.js'

use([CustomChart, LegendComponent, TitleComponent, SVGRenderer])

/** The chart as an SVG document with fonts as text. */
export function chartSvg(model: ChartModel, title: string): string {
  const size = imageSize(model)
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size })
  try {
    chart.setOption(imageOption(model, title))
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

/** The chart as a PNG of three pixels a point, enough for print at column width. */
export function chartPng(model: ChartModel, title: string): Blob {
  const { width, height } = imageSize(model)
  const element = document.createElement('div')
  Object.assign(element.style, { width: `${width}px`, height: `${height}px` })
  const chart = init(element, null, { renderer: 'canvas', width, height, devicePixelRatio: 3 })
  try {
    chart.setOption(imageOption(model, title))
    const [, base64 = ''] = chart.getDataURL({ type: 'png', pixelRatio: 3 }).split(',')
    // Not by fetch, which the page's content policy keeps to its own server.
    return new Blob([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], { type: 'image/png' })
  } finally {
    chart.dispose()
  }
}

/** The chart as a PDF of vectors, one page of its size. */
export async function chartPdf(model: ChartModel, title: string): Promise<Blob> {
  const [{ jsPDF }, { svg2pdf }] = await Promise.all([import('jspdf'), import('svg2pdf.js')])
  const { width, height } = imageSize(model)
  const svg = new DOMParser().parseFromString(chartSvg({ ...model, dark: false }, title), 'image/svg+xml').documentElement
  const pdf = new jsPDF({ unit: 'pt', format: [width, height], orientation: width > height ? 'landscape' : 'portrait' })
  await svg2pdf(svg, pdf, { x: 0, y: 0, width, height })
  return pdf.output('blob')
}
