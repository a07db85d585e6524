import type { UnitDiagram } from '../contract/catalogue.js'
import type { Dynamics } from './dynamics.js'
import { defaultOptions } from './options.js'

/** An arbitrary step size, which suffices to see which terms a substep has and their signs. */
const STEP = 0.5

const subscript = (index: number): string => String.fromCodePoint(0x2081 + index)

/** Names of the states that enter and leave a unit. */
function names({ channelMultiple, twoStep }: Dynamics, lanes: 1 | 2): Pick<UnitDiagram, 'lanes' | 'ends'> {
  if (lanes === 1) return { lanes: ['Y'], ends: ['Y'] }
  if (channelMultiple === 2 || !twoStep) return { lanes: ['Y', 'Z'], ends: ['Y', 'Z'] }
  return { lanes: ['Y[j\u22121]', 'Y[j]'], ends: ['Y[j]', 'Y[j+1]'] }
}

/**
 * The diagram of one unit of a dynamics, derived from its substeps: with keep = 0, one state and a skip connection; otherwise two states,
 * where each substep changes the previous one by a function of the current one. The fields of the dynamics' `diagram` take precedence.
 */
export function unitDiagram(dynamics: Dynamics): UnitDiagram {
  const { diagram = {} } = dynamics
  const substeps = dynamics.substeps(STEP, defaultOptions(dynamics))
  const lanes = substeps.every(({ keep }) => keep === 0) ? 1 : 2
  const forces = substeps.filter(({ gain }) => gain !== 0)
  const mapOf = (index: number): string => diagram.forces?.[index] ?? (forces.length > 1 ? `F${subscript(index)}` : 'F')
  const moves = substeps.flatMap((substep, index): UnitDiagram['moves'] => {
    // The pair swaps its roles after every substep: the current state of one is the previous state of the next.
    const into = lanes === 1 ? 0 : index % 2
    const from = lanes === 1 ? 0 : 1 - into
    const move = (factor: number, map: string | null, keep: number): UnitDiagram['moves'] =>
      factor === 0 ? [] : [{ from, into, map, sign: factor < 0 ? '\u2212' : '+', keep }]
    const keep = lanes === 1 ? substep.blend : substep.keep
    const plain = lanes === 1 ? [] : move(substep.blend, null, keep)
    return [...plain, ...move(substep.gain, mapOf(forces.indexOf(substep)), plain.length ? 1 : keep)]
  })
  const derived = { ...names(dynamics, lanes), moves, crosses: lanes === 2 && substeps.length % 2 === 1 }
  return { ...derived, ...(diagram.lanes ? { lanes: [...diagram.lanes], ends: [...(diagram.ends ?? diagram.lanes)] } : {}) }
}
