import { z } from 'zod'
import { field } from '../../contract/config.js'
import { MEMORY } from '../../contract/memory.js'
import { sampleOf } from '../../contract/sample.js'
import { isOwn, runCells, secondsOf, stagesOf, timeCell, timesOf } from '../fair/cells.js'
import { expectedSize, firstSizes, matchParameters, nearestTime, otherSide, type Side } from '../fair/match.js'
import { FAIR } from '../fair/quantities.js'
import { unitsOf } from '../../lab/over-depth.js'
import { activationBytes } from '../../numeric/describe.js'
import { networkDepth, parameterCount } from '../../numeric/network.js'
import { findPreset } from '../../numeric/presets.js'
import { datasetOption, numbersOption, readNumbers, readSeeds, seedsOption, stepsOption } from '../options.js'
import { cell, failures, groupOver, hasFailed, reportedAccuracy } from '../report.js'
import { defineStudy } from '../template.js'

const MIB = 2 ** 20
export const fairComparison = defineStudy({
  id: 'fair-comparison',
  title: 'Fair comparison',
  rank: 7,
  question: 'Which of two architectures is more accurate with the same recipe, search budget, and number of parameters or time per step?',
  limits:
    'Networks are matched by their parameters or by the measured time of a training step, through the number of units per stage. Channels, steps and data are the same; whichever of parameters and time is not matched differs. Times hold for this machine, engine and load. The recipe is the one of the preset, and was chosen for it. The best of several validation accuracies is optimistic.',
  quantities: FAIR,
  options: {
    preset: field(z.string().min(1).max(100).default('hamiltonian-quick'), {
      group: 'Network',
      label: 'Network (preset)',
      help: 'Both networks are trained with its recipe.',
      choose: 'preset',
    }),
    against: field(z.enum(['resnet', 'revnet', 'hamiltonian', 'midpoint', 'leapfrog']).default('resnet'), {
      group: 'Network',
      label: 'Architecture to compare with',
      help: 'It gets the channels of the preset and the number of units that matches it.',
    }),
    match: field(z.enum(['parameters', 'time']).default('parameters'), {
      group: 'Network',
      label: 'Matched by',
      help: 'parameters: takes the number of units whose parameter count is closest. time: first measures training steps of several sizes in fresh processes, then of the size predicted to fit, and takes the one whose time per step is closest.',
    }),
    timed: field(z.int().min(1).max(1000).default(10), {
      group: 'Training',
      label: 'Timed steps',
      unit: 'steps',
      help: 'Number of steps whose median is the time per step, if networks are matched by time.',
    }),
    dataset: datasetOption('mnist'),
    rates: numbersOption('0.03, 0.1', {
      group: 'Training',
      label: 'Learning rates',
      help: 'Tried by both networks; the best on the validation split counts.',
    }),
    validation: field(z.number().min(0.01).max(0.5).default(0.1), {
      group: 'Data',
      label: 'Validation split',
      unit: 'fraction',
      help: 'Fraction of the training images by which learning rates are selected.',
    }),
    steps: stepsOption(300),
    seeds: seedsOption('1-3'),
  },
  expand: (options, home) =>
    options.match === 'parameters'
      ? runCells(options, home, matchParameters(options))
      : firstSizes(options).map((side) => timeCell(options, home, side)),
  phaseName: 'Phase',
  phases(options) {
    if (options.match === 'parameters') return null
    const runs = 2 * readSeeds('seeds', options.seeds).length * readNumbers('rates', options.rates, { least: 1e-9 }).length
    return {
      compared: null,
      moreCells: runs,
      // First some sizes are timed, then the size that they predict, and then the runs follow.
      next(outcomes, phase, home) {
        const [own] = matchParameters(options)
        const { target, timed } = timesOf(outcomes, own)
        const chosen = target === null ? null : nearestTime(target, timed)
        if (target === null || !chosen) return { cells: [], train: [], last: true }
        if (phase === 0) {
          const expected = expectedSize(options, target, timed)
          return { cells: expected ? [timeCell(options, home, expected)] : [], train: [], last: false }
        }
        return { cells: runCells(options, home, [own, otherSide(options, chosen.stages)]), train: [], last: true }
      },
      later: (_, phase) => (phase < 2 ? runs * options.steps : 0),
    }
  },
  report(outcomes, options, _home, findings) {
    const runs = outcomes.filter(({ work }) => work.kind === 'run')
    const pair = options.match === 'parameters' ? matchParameters(options) : reportTimes()
    for (const failure of failures(outcomes)) findings.warn(failure)
    if (!pair || runs.length === 0) return
    const [{ network: own }, { network: other }] = pair
    const groups = groupOver('seed', runs).map((group) => ({
      ...group,
      validation: sampleOf(
        group.outcomes.flatMap(({ state, run }) => (state === 'finished' ? (run?.best['validation/accuracy'] ?? []) : [])),
      ),
    }))
    findings.table('rates', 'By network and learning rate', {
      network: groups.map(({ factors }) => String(factors['network'])),
      learningRate: groups.map(({ factors }) => Number(factors['learningRate'])),
      validation: groups.map(({ validation }) => cell(validation.mean)),
      finished: groups.map(({ validation }) => validation.n),
      failed: groups.map(({ failed }) => failed),
      seconds: groups.map((group) => cell(sampleOf(group.outcomes.flatMap(({ seconds }) => seconds ?? [])).mean)),
    })
    findings.line({
      title: 'Validation accuracy over the learning rate',
      table: 'rates',
      x: 'learningRate',
      y: ['validation'],
      by: 'network',
      logX: true,
      marks: [],
    })
    findings.say('mismatch', parameterCount(other) / parameterCount(own) - 1)
    const settled = runs.every((outcome) => outcome.state === 'finished' || hasFailed(outcome))
    if (settled) {
      const selected = pair.map(({ name }) => {
        const tried = groups.filter(({ factors, validation }) => factors['network'] === name && validation.n > 0)
        return tried.sort((a, b) => b.validation.mean - a.validation.mean)[0]
      })
      const tested = selected.map((group) => sampleOf(group ? group.outcomes.flatMap((outcome) => reportedAccuracy(outcome) ?? []) : []))
      findings.table('selected', 'At the selected learning rates', {
        network: pair.map(({ name }) => name),
        parameters: pair.map(({ network }) => parameterCount(network)),
        learningRate: selected.map((group) => (group ? Number(group.factors['learningRate']) : null)),
        accuracy: tested.map(({ mean }) => cell(mean)),
        deviation: tested.map(({ deviation }) => cell(deviation)),
        finished: tested.map(({ n }) => n),
      })
      findings.say('difference', cell(tested[0]!.mean - tested[1]!.mean))
    } else findings.note('Test accuracies are shown when every run has ended, after the learning rates have been selected.')
    const { batch } = findPreset(options.preset).config
    const memory = pair.map(({ network }) => activationBytes(network, batch ?? 100))
    const differs: [string, string | number, string | number][] = [
      ['Parameters', parameterCount(own), parameterCount(other)],
      ['Layers', networkDepth(own), networkDepth(other)],
      ['Units', unitsOf(own), unitsOf(other)],
      [`${MEMORY.activations.label}, stored (MiB)`, memory[0]!.stored / MIB, memory[1]!.stored / MIB],
    ]
    const rows = differs.filter(([, first, second]) => first !== second)
    findings.table('differs', 'What still differs', {
      property: rows.map(([name]) => name),
      own: rows.map(([, first]) => first),
      other: rows.map(([, , second]) => second),
    })

    /** Adds the table of times; returns the networks matched by time, null before they are known. */
    function reportTimes(): [Side, Side] | null {
      const [own] = matchParameters(options)
      const { target, timed } = timesOf(outcomes, own)
      const sizes = outcomes.filter(({ work }) => work.kind === 'measurement')
      const sides = sizes.map((outcome) => (isOwn(outcome, own) ? own : otherSide(options, stagesOf(outcome))))
      const times = sizes.map(({ measured }) => secondsOf(measured))
      findings.table('times', 'Measured times of a step', {
        network: sides.map(({ name }) => name),
        units: sides.map(({ network }) => unitsOf(network)),
        parameters: sides.map(({ network }) => parameterCount(network)),
        stepSeconds: times,
        timeRatio: times.map((time) => (time === null || target === null ? null : time / target)),
        state: sizes.map(({ state }) => state),
      })
      findings.line({
        title: 'Time of a step over units',
        table: 'times',
        x: 'units',
        y: ['stepSeconds'],
        by: 'network',
        marks: target === null ? [] : [{ axis: 'y', value: target, label: own.name }],
      })
      const chosen = target === null ? null : nearestTime(target, timed)
      if (runs.length === 0 || target === null || !chosen) {
        const over = sizes.every(({ state }) => state === 'finished' || state === 'failed')
        findings.note(
          over && (target === null || !chosen)
            ? 'The networks could not be matched, because a step of one of them could not be timed. Start the study again: what was timed is taken over.'
            : 'The networks are matched, and their runs begin, when their steps have been timed.',
        )
        return null
      }
      findings.say('timeMismatch', chosen.secondsPerStep / target - 1)
      return [own, otherSide(options, chosen.stages)]
    }
  },
})
