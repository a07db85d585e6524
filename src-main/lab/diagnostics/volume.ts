import { z } from 'zod'
import { field } from '../../contract/config.js'
import { statisticsOption } from '../../contract/instruments.js'
import { defineDiagnostic } from '../diagnostic.js'
import { freeze, imagesOption, visitedUnits } from '../frozen.js'
import { PLACES } from '../places.js'
import { TERMS, unitDrifts, type UnitDrift } from '../volume.js'

const SOURCE =
  'Defined here, after the abstract of Unterthiner and Hochreiter 2016, "Understanding very deep networks via volume conservation" (ICLR workshop), which has no formula'

const quantities = {
  ...PLACES,
  logDeterminant: {
    label: 'Log-determinant of the unit',
    symbol: 'log |det J|',
    unit: 'nats',
    formula:
      'log |det J| of the map of the unit: on the pair if the unit keeps one (0 for Hamiltonian, RevNet, midpoint and leapfrog), otherwise on the state alone, log |det(I + h J_f)|',
    source: SOURCE,
  },
  total: {
    label: 'Log-determinant of all stages',
    symbol: 'Σ log |det J|',
    unit: 'nats',
    formula: 'Sum over the units; pooling, padding and units that widen map between different spaces and have no determinant',
    source: SOURCE,
  },
  how: {
    label: 'Method',
    symbol: '',
    unit: '',
    formula:
      'whole matrix: elimination of the Jacobian; of the form: each substep adds a function of one state to the other, which is a shear; series: Σ (-1)^{k+1} tr(M^k)/k by random probes, for |M| < 1',
    source: 'Series and probes: Hutchinson 1990; Grathwohl et al. 2019 (FFJORD) for its use',
  },
  standardError: {
    label: 'Standard error of the estimate',
    symbol: '',
    unit: 'nats',
    formula: 'Standard deviation over the probes divided by the square root of their number',
    source: 'Hutchinson 1990',
  },
  spectralNorm: {
    label: 'Norm of the expanded matrix',
    symbol: '|M|',
    unit: '',
    formula: 'Largest singular value of h J_f, by Golub-Kahan; the series diverges if it is 1 or more',
    source: 'Golub and Van Loan, "Matrix computations", section 10.4',
  },
  shift: {
    label: 'Drift: mean change of the state',
    symbol: '',
    unit: '',
    formula: 'Mean of Y_{j+1} - Y_j over images and features, for the state that the pair passes on (the bias shift)',
    source: SOURCE,
  },
  gain: {
    label: 'Drift: gain of the state',
    symbol: '',
    unit: 'ratio',
    formula: 'rms(Y_{j+1}) / rms(Y_j) over images and features',
    source: SOURCE,
  },
} as const

export const volume = defineDiagnostic({
  id: 'volume',
  title: 'Volume and drift',
  section: 'stability',
  rank: 4,
  question: 'Do the units conserve volume, and does the state drift?',
  limits:
    'Conserving volume does not bound individual directions: one can grow while another shrinks. For schemes on pairs, it says nothing about the map from the input to the state alone. For large states of one-step schemes, the volume is estimated, and only if the series converges.',
  quantities,
  options: {
    images: imagesOption(8, 256, 'Number of training images for the drift.'),
    statistics: statisticsOption,
    volumeImages: field(z.int().min(1).max(64).default(1), {
      group: 'Data',
      label: 'Images for the determinant',
      unit: 'images',
      help: 'Number of images over which log |det J| is averaged.',
    }),
    wholeUpTo: field(z.int().min(1).max(2048).default(512), {
      group: 'Evaluation',
      label: 'Dense Jacobian up to',
      unit: 'numbers',
      help: 'Largest state size for which the dense Jacobian is used; the cost grows with its third power.',
    }),
    probes: field(z.int().min(2).max(1000).default(10), {
      group: 'Evaluation',
      label: 'Random probes',
      help: 'Number of random probes in the estimate for larger states.',
    }),
  },
  work: (target, { images, volumeImages, wholeUpTo, probes }) => {
    const widest =
      Math.max(...target.network.stages.map(({ channels }) => channels)) *
      target.network.config.image.height *
      target.network.config.image.width
    const series = target.network.stages.some(({ substeps }) => substeps.every(({ keep }) => keep === 0))
    const columns = widest <= wholeUpTo ? 2 * widest : series ? 20 * probes + 150 : 0
    return { passes: 1 + (columns * volumeImages) / images, images }
  },
  refuse: ({ network }) =>
    network.stages.every(({ substeps }) => substeps.length === 0)
      ? 'Every unit of this network widens, so its Jacobian is not square and has no determinant.'
      : null,
  async *run(context, findings) {
    const { options, config } = context
    const frozen = freeze(context, options.images, findings)
    const count = visitedUnits(context)
    const { wholeUpTo, probes, volumeImages } = options
    const rows: UnitDrift[] = []
    yield { message: `volume of unit 1 of ${count}`, fraction: 0 }
    for (const row of unitDrifts(frozen, { wholeUpTo, probes, volumeImages, terms: TERMS, seed: config.seed })) {
      rows.push(row)
      yield { message: `volume of unit ${Math.min(count, rows.length + 1)} of ${count}`, fraction: rows.length / count }
    }
    findings.table('units', 'By unit', {
      depth: rows.map(({ depth }) => depth + 1),
      stage: rows.map(({ stage }) => stage + 1),
      unit: rows.map(({ unit }) => unit + 1),
      logDeterminant: rows.map(({ volume: { logAbs } }) => logAbs),
      standardError: rows.map(({ volume: { standardError } }) => standardError),
      spectralNorm: rows.map(({ volume: { spectralNorm } }) => spectralNorm),
      shift: rows.map(({ shift }) => shift),
      gain: rows.map(({ gain }) => gain),
      how: rows.map(({ volume: { how: found } }) => found),
    })
    const found = rows.map(({ volume: { logAbs } }) => logAbs)
    const complete = found.every((value) => value !== null)
    findings.say('total', complete ? found.reduce((sum, value) => sum! + value!, 0) : null)
    if (found.some((value) => value !== null))
      findings.line({
        title: 'Log-determinant of the units over depth',
        table: 'units',
        x: 'depth',
        y: ['logDeterminant'],
        by: null,
        marks: [{ axis: 'y', value: 0, label: 'volume conserved' }],
      })
    findings.line({
      title: 'Bias shift over depth',
      table: 'units',
      x: 'depth',
      y: ['shift'],
      by: null,
      marks: [{ axis: 'y', value: 0, label: 'no drift' }],
    })
    findings.line({
      title: 'Gain of the state over depth',
      table: 'units',
      x: 'depth',
      y: ['gain'],
      by: null,
      logY: true,
      marks: [{ axis: 'y', value: 1, label: 'no drift' }],
    })
    for (const kind of new Set(rows.map(({ volume: { how: used } }) => used)))
      findings.note(`${kind}: ${rows.filter(({ volume: { how: used } }) => used === kind).length} of ${rows.length} units.`)
    if (rows.some(({ volume: { how: used } }) => used === 'whole matrix'))
      findings.note('Dense Jacobians are computed in float32: log |det J| is accurate to about 1e-5.')
    for (const {
      stage,
      unit,
      volume: { logAbs, spectralNorm },
    } of rows)
      if (logAbs === null)
        findings.warn(
          `Stage ${stage + 1}, unit ${unit + 1}: no log-determinant. ${spectralNorm === null ? 'There is no estimate for this scheme' : `|M| is ${spectralNorm.toPrecision(3)}, and the series needs less than 1`}.`,
        )
  },
})
