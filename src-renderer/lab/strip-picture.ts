import type { Picture } from '../charts/export/picture-svg.js'
import { chartTheme } from '../charts/palette.js'
import { pixelHeight } from '../ui/pixel-height.js'

/** Images over depth as they are displayed, each with the lines of text below it. */
export interface PaintedStrip {
  title: string
  rows: readonly {
    /** Lines of text beside the row. */
    head: readonly string[]
    images: readonly { data: ImageData; below: readonly string[] }[]
  }[]
}

/** Images per line on paper; more of them continue in a block below, so that the images of a column stay aligned. */
const PER_LINE = 12
/** In points: the side of an image and the gap beside it, the width of a row's label, the height of a line of text, and the margin. */
const [SIZE, GAP, HEAD, LINE, MARGIN] = [72, 8, 150, 14, 12]
/** Pixels per point, as in an exported PNG. */
const SHARP = 3

/**
 * A strip as a picture on the light background of paper, from which PNG, SVG and PDF are made.
 * @param enlarge scales an image up with sharp pixels, because programs that display the file would blur them
 */
export function stripPicture(
  strip: PaintedStrip,
  enlarge: (data: ImageData, width: number, height: number) => unknown = enlarged,
): Picture {
  const theme = chartTheme(false)
  const most = Math.max(...strip.rows.map(({ images }) => images.length))
  const texts: object[] = [{ text: strip.title, left: MARGIN, top: 10, padding: 0, textStyle: { fontSize: 14, color: theme.text } }]
  const pictures: object[] = []
  const write = (lines: readonly string[], left: number, top: number, more: object = {}): void =>
    lines.forEach((text, line) =>
      texts.push({
        text,
        left,
        top: top + line * LINE,
        padding: 0,
        textStyle: { fontSize: 10, fontWeight: 'normal', color: line === 0 ? theme.text : theme.faint },
        ...more,
      }),
    )
  let top = 40
  for (let first = 0; first < most; first += PER_LINE) {
    for (const { head, images } of strip.rows) {
      const some = images.slice(first, first + PER_LINE)
      if (some.length === 0) continue
      const high = Math.max(...some.map(({ data }) => pixelHeight(data, SIZE)))
      write(head, MARGIN, top)
      some.forEach(({ data, below }, at) => {
        const left = MARGIN + HEAD + at * (SIZE + GAP)
        const height = pixelHeight(data, SIZE)
        const image = enlarge(data, SHARP * SIZE, SHARP * height)
        pictures.push({ type: 'image', left, top, style: { image, width: SIZE, height }, silent: true })
        write(below, left + SIZE / 2, top + high + 3, { textAlign: 'center' })
      })
      const lines = Math.max(...some.map(({ below }) => below.length))
      top += Math.max(high + 3 + LINE * lines, LINE * head.length) + GAP
    }
    top += GAP
  }
  return {
    option: { backgroundColor: '#ffffff', title: texts, graphic: pictures },
    width: 2 * MARGIN + HEAD + Math.min(most, PER_LINE) * (SIZE + GAP) - GAP,
    height: top,
  }
}

/** Enlarged to at least this width and height, by an integer factor. */
function enlarged(data: ImageData, width: number, height: number): HTMLCanvasElement {
  const canvasOf = (wide: number, high: number) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: wide, height: high })
    const context = canvas.getContext('2d')
    if (!context) throw new Error('This window cannot draw images. Close other windows and try again.')
    return { canvas, context }
  }
  const small = canvasOf(data.width, data.height)
  small.context.putImageData(data, 0, 0)
  const large = canvasOf(data.width * Math.ceil(width / data.width), data.height * Math.ceil(height / data.height))
  large.context.imageSmoothingEnabled = false
  large.context.drawImage(small.canvas, 0, 0, large.canvas.width, large.canvas.height)
  return large.canvas
}
