import type { ChartModel } from './chart-model.js'

/** The plot of a chart on the screen, in CSS pixels. */
export interface Plot {
  left: number
  top: number
  width: number
  height: number
}

/** Positions on the screen of positions and values; NaN for what a logarithmic axis cannot show. */
export interface Scales {
  x(x: number): number
  y(value: number): number
}

function scale(from: number, to: number, start: number, end: number, logarithmic: boolean): (value: number) => number {
  if (logarithmic) {
    const [a, b] = [Math.log(from), Math.log(to)]
    return (value) => (value > 0 ? start + ((Math.log(value) - a) / (b - a)) * (end - start) : NaN)
  }
  const factor = (end - start) / (to - from)
  return (value) => start + (value - from) * factor
}

export const scalesOf = ({ from, to, logarithmic, logarithmicX, y }: ChartModel, { left, top, width, height }: Plot): Scales => ({
  x: scale(from, to, left, left + width, logarithmicX),
  y: y ? scale(y.min, y.max, top + height, top, logarithmic) : () => NaN,
})
