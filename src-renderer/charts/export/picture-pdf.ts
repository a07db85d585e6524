import type { jsPDF } from 'jspdf'
import { lazy } from '../../ui/lazy-code.js'
import { CREATOR, type Origin } from './origin.js'
import { drawnSvg, type Picture } from './picture-svg.js'

/**
 * The font of every PDF. It is embedded, because conferences refuse files with fonts that are not; its characters cover the European
 * languages, Greek and mathematics. DejaVu, under the licence of Bitstream Vera, which allows embedding.
 */
const FAMILY = 'DejaVu Sans'

interface Face {
  style: 'normal' | 'bold'
  file: string
  base64: string
}

/** Bundled as text, because the content security policy, and a window without a server, do not allow fetching. */
const faces = lazy(() =>
  Promise.all([import('dejavu-fonts-ttf/ttf/DejaVuSans.ttf?inline'), import('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf?inline')]).then(
    ([normal, bold]) => prepare(normal.default, bold.default),
  ),
)
const converter = lazy(() => Promise.all([import('jspdf'), import('svg2pdf.js')]))

async function prepare(normal: string, bold: string): Promise<Face[]> {
  const found = (
    [
      ['normal', normal],
      ['bold', bold],
    ] as const
  ).map(([style, url]): Face => ({
    style,
    file: `DejaVuSans-${style}.ttf`,
    base64: url.slice(url.indexOf(',') + 1),
  }))
  // The page needs the font too, because its text measurements decide where texts are placed.
  await Promise.all(
    found.map(async ({ style, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
      document.fonts.add(await new FontFace(FAMILY, bytes, { weight: style }).load())
    }),
  )
  return found
}

function embed(pdf: jsPDF, found: readonly Face[]): void {
  for (const { style, file, base64 } of found) {
    pdf.addFileToVFS(file, base64)
    pdf.addFont(file, FAMILY, style)
  }
  pdf.setFont(FAMILY, 'normal')
}

/**
 * A picture as a vector PDF with one page of its size; text stays text in embedded fonts, and the document information contains the origin.
 */
export async function picturePdf(picture: Picture, { title, command, page }: Origin): Promise<Blob> {
  const [[{ jsPDF }, { svg2pdf }], found] = await Promise.all([converter(), faces()])
  const { width, height, option } = picture
  const set = { ...option, textStyle: { ...(option.textStyle as object), fontFamily: FAMILY } }
  const svg = new DOMParser().parseFromString(drawnSvg({ ...picture, option: set }), 'image/svg+xml').documentElement
  // The converter places vertically centred text too high; shifting it down by half a capital letter matches browsers.
  for (const text of svg.querySelectorAll('text[dominant-baseline=central]')) {
    text.removeAttribute('dominant-baseline')
    text.setAttribute('dy', '0.36em')
  }
  const orientation = width > height ? 'landscape' : 'portrait'
  const pdf = new jsPDF({ unit: 'pt', format: [width, height], orientation, putOnlyUsedFonts: true, compress: true })
  pdf.setDocumentProperties({ title, subject: command, keywords: page, creator: CREATOR })
  embed(pdf, found)
  await svg2pdf(svg, pdf, { x: 0, y: 0, width, height })
  return pdf.output('blob')
}
