import type { Pen } from '../strokes.js'

interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

/** Shapes with a common clip, as children of an ECharts custom series. */
export interface ShapeGroup {
  type: 'group'
  clipPath?: { type: 'rect'; shape: Rectangle }
  children: { type: 'path'; shape: { pathData: string }; style: object; silent: true }[]
}

/** Rounded to a thousandth of a point: finer than paper can show, and short. */
const n = (value: number): string => String(Math.round(value * 1000) / 1000)

/**
 * Records drawing operations as shapes, so that vector pictures come from the same drawing code as the screen. `clip` supports rectangles
 * only.
 */
export class ShapePen implements Pen {
  lineWidth = 1
  lineDashOffset = 0
  strokeStyle: Pen['strokeStyle'] = ''
  fillStyle: Pen['fillStyle'] = ''
  globalAlpha = 1
  lineJoin: CanvasLineJoin = 'miter'
  readonly groups: ShapeGroup[] = []
  #dash: number[] = []
  #path = ''
  #rectangle: Rectangle | null = null
  /** The current clip, and the stack that `restore` pops. */
  #clip: Rectangle | null = null
  readonly #saved: (Rectangle | null)[] = []

  beginPath(): void {
    this.#path = ''
  }
  moveTo(x: number, y: number): void {
    this.#path += `M${n(x)} ${n(y)}`
  }
  lineTo(x: number, y: number): void {
    this.#path += `L${n(x)} ${n(y)}`
  }
  closePath(): void {
    this.#path += 'Z'
  }
  /** A full circle; the angles are ignored. */
  arc(x: number, y: number, r: number): void {
    this.#path += `M${n(x - r)} ${n(y)}A${r} ${r} 0 1 0 ${n(x + r)} ${n(y)}A${r} ${r} 0 1 0 ${n(x - r)} ${n(y)}Z`
  }
  rect(x: number, y: number, width: number, height: number): void {
    this.#rectangle = { x, y, width, height }
    this.#path += `M${n(x)} ${n(y)}H${n(x + width)}V${n(y + height)}H${n(x)}Z`
  }
  clip(): void {
    this.#clip = this.#rectangle
    this.#open()
  }
  save(): void {
    this.#saved.push(this.#clip)
  }
  restore(): void {
    this.#clip = this.#saved.pop() ?? null
    this.#open()
  }
  setLineDash(dash: number[]): void {
    this.#dash = [...dash]
  }
  stroke(): void {
    const dashed = this.#dash.length > 0 ? { lineDash: this.#dash, lineDashOffset: this.lineDashOffset } : {}
    this.#put({ fill: 'none', stroke: this.strokeStyle, lineWidth: this.lineWidth, lineJoin: this.lineJoin, ...dashed })
  }
  fill(): void {
    this.#put({ fill: this.fillStyle })
  }
  fillRect(x: number, y: number, width: number, height: number): void {
    this.beginPath()
    this.rect(x, y, width, height)
    this.fill()
  }
  clearRect(): void {
    // Nothing to clear: paper is white, and nothing is drawn twice.
  }

  #open(): void {
    this.groups.push({
      type: 'group',
      ...(this.#clip ? { clipPath: { type: 'rect' as const, shape: this.#clip } } : {}),
      children: [],
    })
  }
  #put(style: object): void {
    if (this.#path === '') return
    if (this.groups.length === 0) this.#open()
    const opacity = this.globalAlpha === 1 ? {} : { opacity: this.globalAlpha }
    this.groups.at(-1)!.children.push({ type: 'path', shape: { pathData: this.#path }, style: { ...style, ...opacity }, silent: true })
  }
}
