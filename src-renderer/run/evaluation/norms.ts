import { csv } from '../../../src-main/contract/csv.js'
import type { LayerNorm } from '../../../src-main/contract/evaluations.js'

/** One quantity over the depth of a network: one line for each role of a unit's parameters. */
export interface DepthLines {
  /** Units in order; the label of a unit is stage.unit. */
  units: { stage: number; unit: number; label: string }[]
  lines: { role: string; /** NaN where a unit has no such part. */ values: number[] }[]
}

export type Quantity = 'norm' | 'relative' | 'change'

/** The plotted value of a parameter; relative: divided by the square root of its number of values, which is the root mean square. */
export function quantityOf({ norm, change, shape }: LayerNorm, quantity: Quantity): number {
  if (quantity === 'change') return change ?? NaN
  return quantity === 'norm' ? norm : norm / Math.sqrt(shape.reduce((product, extent) => product * extent, 1))
}

/** Kernels first, then biases and the other parameters, each in the order of the network. */
const rank = (role: string): number => (role.startsWith('kernel') ? 0 : role.startsWith('bias') ? 1 : 2)

export const isKernel = (role: string): boolean => rank(role) === 0

/** The parameters inside the stages, by role over depth. */
export function overDepth(layers: readonly LayerNorm[], quantity: Quantity): DepthLines {
  const units: DepthLines['units'] = []
  const places = new Map<string, number>()
  const roles = new Map<string, Map<number, number>>()
  for (const layer of layers) {
    const { stage, unit, role } = layer
    if (stage === null || unit === null) continue
    const label = `${stage}.${unit}`
    if (!places.has(label)) places.set(label, units.push({ stage, unit, label }) - 1)
    const values = roles.get(role) ?? new Map<number, number>()
    roles.set(role, values.set(places.get(label)!, quantityOf(layer, quantity)))
  }
  const lines = [...roles]
    .map(([role, values]) => ({ role, values: units.map((_, at) => values.get(at) ?? NaN) }))
    .filter(({ values }) => values.some((value) => !Number.isNaN(value)))
    .sort((a, b) => rank(a.role) - rank(b.role))
  return { units, lines }
}

/** The parameters before, between and after the stages. */
export const outsideStages = (layers: readonly LayerNorm[]): LayerNorm[] => layers.filter(({ stage }) => stage === null)

export const normsCsv = (layers: readonly LayerNorm[]): string =>
  csv(
    ['name', 'stage', 'unit', 'role', 'shape', 'norm', 'change_to_next_unit'],
    layers.map(({ name, stage, unit, role, shape, norm, change }) => [name, stage, unit, role, shape.join('x'), norm, change]),
  )
