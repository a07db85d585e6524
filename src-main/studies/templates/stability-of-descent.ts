import { z } from 'zod'
import { field } from '../../contract/config.js'
import type { StudyOutcome } from '../../contract/studies.js'
import { chainEscape } from '../computations/chain-escape.js'
import { chainStarts } from '../computations/chain-starts.js'
import { convexFit } from '../computations/convex-fit.js'
import { numbersOption, readNumbers } from '../options.js'
import { quantities } from '../descent/quantities.js'
import { reportEscapes, reportFit, reportStarts, STARTS } from '../descent/report.js'
import { failures } from '../report.js'
import { defineStudy, type NewCell } from '../template.js'

const network = { group: 'Network' as const }
const training = { group: 'Training' as const }

/** Step size of the fit, small enough to converge for every seed that was tried. */
const FIT_STEP = 0.05

export const stabilityOfDescent = defineStudy({
  id: 'stability-of-descent',
  title: 'Stability of descent',
  rank: 20,
  question:
    'Which step sizes keep gradient descent at a minimum, how fast does it escape otherwise, and why do residual chains tolerate larger steps than plain ones?',
  limits:
    'Chains of scalars and a one-dimensional fit in double precision: models of networks, not networks. Gradients are full and without noise. Stability is analysed only at minima, because elsewhere the Hessian is indefinite. Leaving a minimum is not divergence.',
  quantities,
  options: {
    depths: numbersOption('2, 5, 10', {
      ...network,
      label: 'Chains to escape from',
      unit: 'layers',
      help: 'Numbers of factors, separated by commas.',
    }),
    target: field(z.number().positive().max(1e6).default(2), {
      ...network,
      label: 'Target',
      help: 'Value that the product of the factors is fitted to.',
    }),
    spread: field(z.number().min(0).max(2).default(0.3), {
      ...network,
      label: 'Spread of the factors',
      help: 'Standard deviation of their logarithms at the minimum. 0 makes all factors equal, which gives the largest limit of the step size.',
    }),
    ratios: numbersOption('0.9, 1.02, 1.1, 1.3, 2.5', {
      ...training,
      label: 'Step sizes to escape with',
      unit: 'times',
      help: 'Multiples of the largest stable step size at the minimum, separated by commas.',
    }),
    momentum: field(z.number().min(0).max(0.99).default(0), {
      ...training,
      label: 'Momentum',
      help: 'Momentum m of the escape. It raises the limit of the step size to 2 (1 + m) / sharpness; the prediction is then asymptotic.',
    }),
    startDepths: numbersOption('2, 4, 8, 16', {
      ...network,
      label: 'Chains to start on',
      unit: 'layers',
      help: 'Numbers of factors, separated by commas.',
    }),
    startRatios: numbersOption('0.25, 0.9, 1.1', {
      ...training,
      label: 'Step sizes from the starts',
      unit: 'times',
      help: 'Multiples of the largest step size at which any minimum is stable, separated by commas.',
    }),
    starts: field(z.int().min(1).max(10_000).default(200), {
      ...training,
      label: 'Starts',
      help: 'Number of starting points for each kind, depth and step size.',
    }),
    steps: field(z.int().min(1).max(100_000).default(2000), {
      ...training,
      label: 'Steps from each start',
      unit: 'steps',
      help: 'Length of each descent.',
    }),
    hinges: field(z.int().min(1).max(200).default(20), {
      ...network,
      label: 'Hinges of each part',
      help: 'Number of hinges in the convex and in the concave part of the fit.',
    }),
    fitSteps: field(z.int().min(1).max(100_000).default(4000), {
      ...training,
      label: 'Steps of the fit',
      unit: 'steps',
      help: `Gradient descent on all points, with a step size of ${FIT_STEP}.`,
    }),
    seed: field(z.int().min(0).max(1e9).default(1), {
      group: 'Run',
      label: 'Seed',
      help: 'Determines the minima, starting points and hinges.',
    }),
  },
  expand(options) {
    const { target, spread, momentum, starts, steps, hinges, fitSteps, seed } = options
    const whole = { least: 1, whole: true }
    const ratiosOf = (key: 'ratios' | 'startRatios') => readNumbers(key, options[key], { least: 1e-6 })
    const cells: NewCell<typeof quantities>[] = []
    for (const depth of readNumbers('depths', options.depths, whole))
      for (const ratio of ratiosOf('ratios'))
        cells.push({
          factors: { part: 'escape', depth, ratio },
          work: chainEscape.work({ depth, target, spread, ratio, momentum, steps: 20_000, seed }),
        })
    for (const depth of readNumbers('startDepths', options.startDepths, whole))
      for (const ratio of ratiosOf('startRatios'))
        for (const { name, centre, deviation } of STARTS)
          cells.push({
            factors: { part: 'starts', depth, ratio, start: name },
            work: chainStarts.work({ depth, target, centre, deviation, ratio, starts, steps, seed }),
          })
    cells.push({ factors: { part: 'fit' }, work: convexFit.work({ hinges, step: FIT_STEP, steps: fitSteps, seed }) })
    return cells
  },
  report(outcomes, { momentum }, _home, findings) {
    const of = (part: string): StudyOutcome[] => outcomes.filter(({ factors }) => factors['part'] === part)
    reportEscapes(of('escape'), momentum, findings)
    reportStarts(of('starts'), findings)
    for (const outcome of of('fit')) reportFit(outcome, findings)
    for (const failure of failures(outcomes)) findings.warn(failure)
  },
})
