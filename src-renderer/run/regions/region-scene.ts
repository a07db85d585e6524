import { fromBase64 } from '../../../src-main/contract/base64.js'
import type { Regions } from '../../../src-main/contract/regions.js'
import type { FlowScene } from '../../lab/instruments/draw-flow.js'

/** Points of a data set in the plane, with their class indices. */
export type PlanePoints = readonly { x: number; y: number; label: number }[]

/** The input plane at one evaluation: a flow with a single place, whose cells have the points of the lattice at their centres. Pure. */
export function regionScene({ size, extent, predicted }: Regions, points: PlanePoints): FlowScene {
  const [left, right, bottom, top] = extent
  const [across, up] = [(right - left) / (size - 1), (top - bottom) / (size - 1)]
  const classes = fromBase64(predicted)
  // Corners of cells: one more than points in either direction. A cell has the class of its first corner; that of the last ones is never
  // shown.
  const corners = size + 1
  const lattice = new Float32Array(2 * corners * corners)
  const seen: number[] = []
  for (let row = 0; row < corners; row++)
    for (let column = 0; column < corners; column++) {
      lattice.set([left + (column - 0.5) * across, bottom + (row - 0.5) * up], 2 * (row * corners + column))
      seen.push(row < size && column < size ? classes[row * size + column]! : 0)
    }
  const labels = points.map(({ label }) => label)
  return {
    points: { count: points.length, values: Float32Array.from(points.flatMap(({ x, y }) => [x, y])) },
    labels,
    // Predictions for the points themselves are not stored; the plane behind them shows the predicted classes.
    predicted: labels,
    lattice: { count: corners * corners, values: lattice, size: corners, predicted: seen },
    extents: [[left - across / 2, right + across / 2, bottom - up / 2, top + up / 2]],
    only: new Set(),
    axes: ['Coordinate 1', 'Coordinate 2'],
  }
}
