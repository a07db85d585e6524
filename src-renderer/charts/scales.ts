import type { ChartModel } from './chart-model.js'

/** The plot area of a chart, in CSS pixels. */
export interface Plot {
  left: number
  top: number
  width: number
  height: number
}

/** Map positions and values to pixels; NaN for values that a logarithmic axis cannot show. */
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
