import type { ParameterError } from '../numeric/gradient-error.js'
import type { Findings } from './findings.js'
import { firstBroken, gradientErrorOf, isRebuilt, worstOf, type UnitError } from './measure-reversal.js'
import { PLACES } from './places.js'

const RETRACE = 'Retrace; the idea of rebuilding: Gomez et al. 2017, section 3'

/** The quantities reported by both the diagnostic and the inspector. */
export const REVERSAL_QUANTITIES = {
  ...PLACES,
  entry: {
    label: 'Origin of the state',
    symbol: '',
    unit: '',
    formula:
      'rebuilt: reconstructed from the end of the stage; evaluated again: the start of a later stage, recomputed from the end of the previous one; kept: input of a unit that widens',
    source: 'Retrace',
  },
  stateError: {
    label: 'Reconstruction error of the state',
    symbol: 'e',
    unit: 'relative',
    formula: 'max |rebuilt - stored| / max |stored| over the pair that enters the unit; the largest over the substeps of the unit',
    source: RETRACE,
  },
  gradientError: {
    label: 'Error of the reversed gradient',
    symbol: 'e_g',
    unit: 'relative',
    formula:
      'max |reversed - stored| / max(max |stored|, 1e-4 of the largest gradient of the network) for a parameter; for a unit, the largest over its parameters',
    source: RETRACE,
  },
  gradientCosine: {
    label: 'Cosine of reversed and stored gradient',
    symbol: 'cos',
    unit: '',
    formula: '<reversed, stored> / (|reversed| |stored|) for a parameter; empty if the stored gradient is only rounding error',
    source: RETRACE,
  },
  parameter: { label: 'Parameter', symbol: '', unit: '', formula: 'Name of the parameter in checkpoints', source: 'docs/formats.md' },
  broken: {
    label: 'First unit beyond the tolerance, going backward',
    symbol: '',
    unit: '',
    formula: 'First unit, going backward from the end of each stage, whose reconstruction error exceeds the tolerance',
    source: 'Retrace',
  },
} as const

/** Errors by unit as a table and a figure, and the key figures. */
export function reportReversal(
  findings: Findings<typeof REVERSAL_QUANTITIES>,
  units: readonly UnitError[],
  gradients: readonly ParameterError[],
  tolerance: number,
): void {
  findings.table('units', 'By unit', {
    depth: units.map((_, at) => at + 1),
    stage: units.map(({ stage }) => stage + 1),
    unit: units.map(({ unit }) => unit + 1),
    stateError: units.map(({ error }) => error),
    gradientError: units.map((unit) => gradientErrorOf(gradients, unit)),
    entry: units.map(({ entry }) => entry),
  })
  const broken = firstBroken(units, tolerance)
  const place = broken ? `stage ${broken.stage + 1}, unit ${broken.unit + 1}` : null
  const position = broken ? units.indexOf(broken) + 1 : null
  findings.say('stateError', worstOf(units.filter(isRebuilt).map(({ error }) => error!)))
  findings.say('broken', place)
  findings.line({
    title: 'Reconstruction and gradient errors over depth',
    table: 'units',
    x: 'depth',
    y: gradients.length ? ['stateError', 'gradientError'] : ['stateError'],
    by: null,
    logY: true,
    marks: [
      { axis: 'y', value: tolerance, label: 'tolerance' },
      ...(position === null ? [] : [{ axis: 'x' as const, value: position, label: `tolerance exceeded at ${place}` }]),
    ],
  })
  findings.note(
    broken
      ? `Going backward, the reconstruction error first exceeds ${tolerance} at ${place}.`
      : `No reconstruction error exceeds ${tolerance}.`,
  )
  if (!gradients.length) return
  findings.table('parameters', 'Gradients by parameter', {
    parameter: gradients.map(({ parameter }) => parameter),
    gradientError: gradients.map(({ error }) => error),
    gradientCosine: gradients.map(({ cosine }) => cosine),
  })
  findings.say('gradientError', worstOf(gradients.map(({ error }) => error)))
}
