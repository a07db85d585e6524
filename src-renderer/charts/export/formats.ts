import { lazy } from '../../ui/lazy-code.js'
import { download } from '../../ui/download.js'
import { latexOrigin, type Origin } from './origin.js'
import type { Picture } from './picture-svg.js'

/** A file format of an export menu. */
export interface Format {
  title: string
  /** Saves the file under a base name without extension. */
  make(name: string): Promise<void>
}

/** The content of a figure's files. All of them contain the command, so that a file found later can be traced to its data. */
export interface FigureFiles {
  title: string
  /** The shell command that reproduces its numbers: `contract/command-lines.ts`. */
  command: string
  /** @param paper whether to use the colours for paper instead of the window's, as in PDF */
  picture(paper: boolean): Picture | Promise<Picture>
}

const images = lazy(() => import('./chart-image.js'))

/**
 * A figure as pixels, as vectors, and for LaTeX.
 * @param figure its content, evaluated when a file is requested
 * @param pgfplots the same as LaTeX source, if pgfplots can draw it
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

/** A file of values as text. */
export const textFormat = (title: keyof typeof TEXTS, content: () => string): Format => ({
  title,
  make: async (name) => download(`${name}.${TEXTS[title].ending}`, content(), TEXTS[title].type),
})
