import { lazy } from '../../ui/lazy-code.js'
import { download } from '../../ui/download.js'
import { latexOrigin, type Origin } from './origin.js'
import type { Picture } from './picture-svg.js'

/** A kind of file that a menu offers. */
export interface Format {
  title: string
  /** Saves it under a name without an ending. */
  make(name: string): Promise<void>
}

/** What the files of a figure are made of. All of them tell the command, so that none is found later of which nobody knows what it shows. */
export interface FigureFiles {
  title: string
  /** The shell command that gives its numbers again: `contract/command-lines.ts`. */
  command: string
  /** @param paper in the colours of paper: what is drawn in those of the window is so in PDF alone */
  picture(paper: boolean): Picture | Promise<Picture>
}

const images = lazy(() => import('./chart-image.js'))

/**
 * A figure as pixels, as vectors, and for LaTeX.
 * @param figure what it is when a file is asked for
 * @param pgfplots the same for LaTeX, where pgfplots can draw it
 */
export function figureFormats(figure: () => FigureFiles, pgfplots?: () => string): Format[] {
  const origin = (): Origin => ({ title: figure().title, command: figure().command, page: location.hash.slice(1) })
  return [
    {
      title: 'Copy as picture',
      make: async () => {
        const png = (await images()).picturePng(await figure().picture(false), origin())
        await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })])
      },
    },
    { title: 'PNG', make: async (name) => download(`${name}.png`, (await images()).picturePng(await figure().picture(false), origin())) },
    {
      title: 'SVG',
      make: async (name) => download(`${name}.svg`, (await images()).pictureSvg(await figure().picture(false), origin()), 'image/svg+xml'),
    },
    {
      title: 'PDF',
      make: async (name) => download(`${name}.pdf`, await (await images()).picturePdf(await figure().picture(true), origin())),
    },
    ...(pgfplots
      ? [{ title: 'PGFPlots', make: async (name: string) => download(`${name}.tex`, latexOrigin(origin()) + pgfplots(), 'text/x-tex') }]
      : []),
  ]
}

const TEXTS = {
  CSV: { ending: 'csv', type: 'text/csv' },
  JSON: { ending: 'json', type: 'application/json' },
} as const

/** A file of values. */
export const textFormat = (title: keyof typeof TEXTS, content: () => string): Format => ({
  title,
  make: async (name) => download(`${name}.${TEXTS[title].ending}`, content(), TEXTS[title].type),
})
