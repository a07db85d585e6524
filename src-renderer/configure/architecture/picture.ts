import type { UnitDiagram } from '../../../src-main/contract/catalogue.js'
import type { ImageShape, Stage } from '../../../src-main/contract/config.js'

/** A rectangle of a drawing; y grows downwards, as in SVG. */
export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface StageDrawing {
  /** One bar per unit, or as many as fit. */
  bars: Box[]
  /** Units, channels and the side of the image: null if there is no room for labels. */
  words: { x: number; y: number; lines: [string, string] } | null
}

const GAP = 6
const BAR = 3
/** Minimum column width for labels, which would overlap in narrower ones. */
const WORDS_FROM = 40
const WORDS_HEIGHT = 24

/** Height and width of the image by stage; a vector has a height of one. */
const sideOf = ({ height, width }: ImageShape, stage: number): [number, number] => [height / 2 ** stage, width / 2 ** stage]

/** The stages from left to right in an area: as high as their images (in octaves), with one bar per unit. */
export function drawStages(stages: readonly Stage[], image: ImageShape, dense: boolean, area: Box): StageDrawing[] {
  const column = (area.width - GAP * (stages.length - 1)) / stages.length
  const most = Math.max(...stages.map(({ units }) => units))
  const room = area.height - WORDS_HEIGHT
  const widest = Math.max(...stages.map(({ channels }) => channels))
  return stages.map(({ channels, units }, index) => {
    const left = area.x + index * (column + GAP)
    const fit = Math.max(1, Math.floor((column - 2) / (BAR + 1.5)))
    // One scale for all stages, so that a deep stage looks deep.
    const count = Math.max(1, Math.min(units, Math.round(most > fit ? (units * fit) / most : units)))
    const octaves = 1 / (1 + (dense ? 0 : index) * 0.55)
    const height = room * octaves
    // Wider states have thicker bars, as far as the units leave room.
    const thick = Math.min((column - 2) / count - 1.5, BAR + 3 * (channels / widest))
    const step = Math.min((column - 2) / count, thick + 1.5)
    const bars = Array.from({ length: count }, (_, i) => ({
      x: left + i * step,
      y: area.y + room - height,
      width: Math.max(1, thick),
      height,
    }))
    const [tall, wide] = sideOf(image, index)
    const words =
      column < WORDS_FROM
        ? null
        : {
            x: left,
            y: area.y + room + 11,
            lines: [`${units}×${channels}`, dense ? 'vector' : `${tall}×${wide}`] satisfies [string, string],
          }
    return { bars, words }
  })
}

export interface UnitDrawing {
  /** Lines along which the states flow. */
  lines: string[]
  /** Lines with an arrow at their end. */
  arrows: string[]
  boxes: (Box & { text: string })[]
  /** Nodes where something is added: their centres and signs. */
  sums: { x: number; y: number; sign: string }[]
  dots: { x: number; y: number }[]
  names: { x: number; y: number; text: string; anchor: 'start' | 'end' }[]
}

const LETTER = 5.6
const SUM = 5

/** A residual unit: a state continues along the skip connection, and the output of the box is added to it. */
function drawSkip({ lanes, ends, moves }: UnitDiagram, area: Box, short: boolean): UnitDrawing {
  const y = area.y + area.height - 16
  const top = area.y + 8
  const [left, right] = short ? [area.x, area.x + area.width] : [area.x + 14, area.x + area.width - 14]
  const step = (right - left) / Math.max(1, moves.length)
  const drawing: UnitDrawing = { lines: [], arrows: [`M${left},${y}H${right}`], boxes: [], sums: [], dots: [], names: [] }
  moves.forEach(({ map, sign }, index) => {
    const from = left + index * step + step * 0.12
    const to = left + index * step + step * 0.84
    const text = short ? 'F' : (map ?? '')
    const width = Math.max(18, text.length * LETTER + 8)
    drawing.dots.push({ x: from, y })
    drawing.lines.push(`M${from},${y}C${from},${top} ${to},${top} ${to},${y - SUM}`)
    drawing.boxes.push({ x: (from + to - width) / 2, y: y - 8, width, height: 16, text })
    drawing.sums.push({ x: to, y, sign })
  })
  if (short) return drawing
  drawing.names.push({ x: area.x, y: y + 4, text: lanes[0]!, anchor: 'start' })
  drawing.names.push({ x: area.x + area.width, y: y + 4, text: ends[0]!, anchor: 'end' })
  return drawing
}

/** Two coupled states: each step updates one of them by a function of the other. */
function drawLadder({ lanes, ends, moves, crosses }: UnitDiagram, area: Box, short: boolean): UnitDrawing {
  const at = [area.y + 10, area.y + area.height - 10]
  const wide = (texts: string[]): number => (short ? 0 : Math.max(...texts.map((text) => text.length)) * LETTER + 5)
  const [wordsWidth, endsWidth] = [wide(lanes), wide(ends)]
  const [left, right] = [area.x + wordsWidth, area.x + area.width - endsWidth]
  const crossing = crosses ? Math.min(24, (right - left) / 3) : 0
  const step = (right - crossing - 4 - left) / Math.max(1, moves.length)
  const drawing: UnitDrawing = { lines: [], arrows: [], boxes: [], sums: [], dots: [], names: [] }
  moves.forEach(({ from, into, map, sign }, index) => {
    const x = left + (index + 0.5) * step
    const [start, end] = [at[from]!, at[into]!]
    const down = end > start ? 1 : -1
    drawing.dots.push({ x, y: start })
    drawing.sums.push({ x, y: end, sign })
    if (map === null) {
      drawing.arrows.push(`M${x},${start}V${end - down * SUM}`)
      return
    }
    const text = short ? 'F' : map
    const width = Math.max(18, text.length * LETTER + 8)
    const middle = (start + end) / 2
    drawing.lines.push(`M${x},${start}V${middle - down * 8}`)
    drawing.arrows.push(`M${x},${middle + down * 8}V${end - down * SUM}`)
    drawing.boxes.push({ x: x - width / 2, y: middle - 8, width, height: 16, text })
  })
  at.forEach((y, lane) => {
    const other = at[1 - lane]!
    drawing.arrows.push(crosses ? `M${left},${y}H${right - crossing - 4}L${right - 6},${other}H${right}` : `M${left},${y}H${right}`)
    if (short) return
    drawing.names.push({ x: area.x, y: y + 4, text: lanes[lane]!, anchor: 'start' })
    // Output names belong to the positions, even if the lines that lead there cross.
    drawing.names.push({ x: area.x + area.width, y: y + 4, text: ends[lane]!, anchor: 'end' })
  })
  return drawing
}

/**
 * One unit in an area.
 * @param short for small pictures: every force is labelled F, and the states have no names
 */
export function drawUnit(diagram: UnitDiagram, area: Box, short = false): UnitDrawing {
  return diagram.lanes.length === 1 ? drawSkip(diagram, area, short) : drawLadder(diagram, area, short)
}

/** A description of the unit. */
export function describeUnit({ lanes, moves, crosses }: UnitDiagram): string {
  const steps = moves.map(({ from, into, map, sign, keep }) => {
    const added = map === null ? lanes[from]! : `${map} of ${lanes[from]!}`
    const kept = keep === 1 ? lanes[into]! : `${keep} times ${lanes[into]!}`
    return `${lanes[into]!} becomes ${kept} ${sign === '+' ? 'plus' : 'minus'} ${added}`
  })
  return `${steps.join(', then ')}${crosses ? '; then the two states are swapped' : ''}`
}

/** A description of the picture. */
export function describeArchitecture(
  label: string,
  stages: readonly Stage[],
  image: ImageShape,
  dense: boolean,
  unit: UnitDiagram | null,
): string {
  const parts = stages.map(({ channels, units }, index) => {
    const [height, width] = sideOf(image, index)
    return `${units} units of ${channels} channels${dense ? '' : ` at ${height} by ${width}`}`
  })
  const of = `${label}, ${stages.length === 1 ? 'one stage' : `${stages.length} stages`}: ${parts.join('; ')}.`
  return unit ? `${of} In a unit ${describeUnit(unit)}.` : of
}
