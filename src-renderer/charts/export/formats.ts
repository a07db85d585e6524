import { lazy } from '../../ui/lazy-code.js'
import { download } from '../../ui/download.js'
import type { Picture } from './picture-svg.js'

/** A kind of file that a menu offers. */
export interface Format {
  title: string
  /** Saves it under a name without an ending. */
  make(name: string): Promise<void>
}

const images = lazy(() => import('./chart-image.js'))

/** A picture as pixels and as vectors. */
export const pictureFormats = (picture: () => Picture): Format[] => [
  { title: 'PNG', make: async (name) => download(`${name}.png`, (await images()).picturePng(picture())) },
  { title: 'SVG', make: async (name) => download(`${name}.svg`, (await images()).pictureSvg(picture()), 'image/svg+xml') },
  { title: 'PDF', make: async (name) => download(`${name}.pdf`, await (await images()).picturePdf(picture())) },
]

const TEXTS = {
  PGFPlots: { ending: 'tex', type: 'text/x-tex' },
  CSV: { ending: 'csv', type: 'text/csv' },
  JSON: { ending: 'json', type: 'application/json' },
} as const

/** A file of text. */
export const textFormat = (title: keyof typeof TEXTS, content: () => string): Format => ({
  title,
  make: async (name) => download(`${name}.${TEXTS[title].ending}`, content(), TEXTS[title].type),
})
