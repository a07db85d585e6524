import { z } from 'zod'
import { field } from '../../contract/config.js'
import { REVERSAL_KNOBS, statisticsOption, toleranceOption } from '../../contract/instruments.js'
import type { ParameterError } from '../../numeric/gradient-error.js'
import { defineDiagnostic } from '../diagnostic.js'
import type { Findings } from '../findings.js'
import { batchTensors, imagesOption } from '../frozen.js'
import {
  channelOf,
  evenly,
  formNotes,
  measureGradients,
  measureStates,
  refuseReversal,
  statisticsNotes,
  VANISHED,
  type StateChannel,
} from '../measure-reversal.js'
import { REVERSAL_QUANTITIES, reportReversal } from '../report-reversal.js'
import { variantOf } from '../variant.js'

/** One column of a strip: one channel of one image, for both parts of a state pair. */
interface Snapshot {
  unit: number
  stored: Float32Array
  rebuilt: Float32Array
}

function drawStrip(
  findings: Findings<typeof REVERSAL_QUANTITIES>,
  stage: number,
  channel: number,
  shape: { height: number; width: number },
  snapshots: Snapshot[],
): void {
  const row = (label: string, of: (snapshot: Snapshot) => Float32Array) => {
    const images = snapshots.map((snapshot) => ({
      label: `unit ${snapshot.unit + 1}`,
      ...shape,
      values: Array.from(of(snapshot), (value) => (Number.isFinite(value) ? Number(value.toPrecision(5)) : null)),
    }))
    const finite = images.flatMap(({ values }) => values).filter((value) => value !== null)
    const [low, high] = finite.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity])
    return { label, low: Number.isFinite(low) ? low : 0, high: Number.isFinite(high) ? high : 0, images }
  }
  findings.strip({
    title: `Channel ${channel + 1} at the input of the units of stage ${stage + 1}, first image`,
    rows: [
      row('Forward', ({ stored }) => stored),
      row('Reconstructed', ({ rebuilt }) => rebuilt),
      row('Difference', ({ stored, rebuilt }) => stored.map((value, at) => rebuilt[at]! - value)),
    ],
  })
}

export const reversal = defineDiagnostic({
  id: 'reversal',
  title: 'Reversal',
  section: 'reverse',
  rank: 1,
  question: 'Is the reversal exact, and where does it break?',
  limits:
    'The result holds for the given weights and images. Errors of states do not predict errors of gradients, so both are measured. Neither predicts whether training with reversed gradients reaches a different result.',
  quantities: REVERSAL_QUANTITIES,
  options: {
    ...REVERSAL_KNOBS,
    images: imagesOption(8, 256, 'Number of training images. All states of a stage are in memory at once.'),
    statistics: statisticsOption,
    tolerance: toleranceOption,
    gradients: field(z.boolean().default(true), {
      group: 'Evaluation',
      label: 'Compare gradients',
      help: 'Also compares the reversed with the stored gradient of every parameter, with batch norm as in training.',
    }),
    stripStage: field(z.int().min(0).max(16).default(1), {
      group: 'Evaluation',
      label: 'Stage shown as images',
      help: 'Stage whose states are shown as images; 0 for none.',
    }),
    stripChannel: field(z.int().min(1).max(4096).default(1), {
      group: 'Evaluation',
      label: 'Channel shown',
      help: 'Channel of these states.',
    }),
  },
  work: (_target, { images, repeat, gradients }) => ({ passes: repeat * (gradients ? 10 : 3), images }),
  refuse: (target, options) => refuseReversal(target, options, options.images),
  async *run(context, findings) {
    const { options, data } = context
    const { hFactor, repeat, mantissaBits, tolerance } = options
    const variant = variantOf(context, hFactor, repeat)
    const { network } = variant
    const { images, labels } = batchTensors(context, data.sample(options.images))
    const running = options.statistics === 'running'

    yield { message: 'forward and backward', fraction: 0 }
    const shown = options.stripStage - 1
    const units = network.stages[shown]?.units ?? 0
    const chosen = new Set(evenly(units, 8))
    const snapshots: Snapshot[] = []
    let shape: { height: number; width: number } | null = null
    const found = measureStates(variant, images, {
      mantissaBits,
      running,
      visit(stage, at, rebuilt, stored) {
        const { substeps } = network.stages[stage]!
        const { unitIndex } = substeps[at]!
        if (stage !== shown || network.config.maps === 'dense' || !chosen.has(unitIndex) || substeps[at - 1]?.unitIndex === unitIndex)
          return
        const [own, back] = [stored, rebuilt].map((pair) => channelOf(network, pair, options.stripChannel - 1)) as [
          StateChannel,
          StateChannel,
        ]
        shape = { height: own.height, width: own.width }
        snapshots.unshift({ unit: unitIndex, stored: own.values, rebuilt: back.values })
      },
    })

    let gradients: ParameterError[] = []
    if (options.gradients) {
      yield { message: 'comparing gradients', fraction: 0.4 }
      const compared = measureGradients(variant, { images, labels }, { mantissaBits, labelSmoothing: context.config.labelSmoothing })
      if (compared) gradients = compared
      else findings.warn(VANISHED)
    }
    reportReversal(findings, found, gradients, tolerance)
    if (shape && snapshots.length) drawStrip(findings, shown, options.stripChannel - 1, shape, snapshots)

    const count = images.shape[0]!
    findings.note(
      `${count} training images, factor on h ${hFactor}, units repeated ${repeat} times, ${mantissaBits} mantissa bits of the stored state.`,
    )
    const { anchorEvery } = context.config
    for (const note of [...statisticsNotes(network, running), ...formNotes(network, { ...options, anchorEvery })]) findings.note(note)
  },
})
