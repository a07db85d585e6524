import type { StudyOutcome } from '../../contract/studies.js'
import type { Findings } from '../../lab/findings.js'
import { stableSharpness } from '../../numeric/theory/chain.js'
import { chainEscape } from '../computations/chain-escape.js'
import { chainStarts } from '../computations/chain-starts.js'
import { convexFit } from '../computations/convex-fit.js'
import type { quantities } from './quantities.js'

/** Starts of descent on a chain, and the column of their share. */
export const STARTS = [
  { name: 'residual, deviation 0.1', column: 'shareResidual', centre: 1, deviation: 0.1 },
  { name: 'plain, deviation 1', column: 'sharePlainWide', centre: 0, deviation: 1 },
  { name: 'plain, deviation 0.1', column: 'sharePlainNarrow', centre: 0, deviation: 0.1 },
] as const

const timesTheLimit = (ratio: unknown): string => `${String(ratio)} times the limit`

/** Predicted and observed steps of each escape, and its outcome. */
export function reportEscapes(cells: readonly StudyOutcome[], m: number, findings: Findings<typeof quantities>): void {
  const found = cells.map((outcome) => ({ ...outcome, result: chainEscape.resultOf(outcome) }))
  const column = <T>(read: (result: NonNullable<(typeof found)[number]['result']>) => T): (T | null)[] =>
    found.map(({ result }) => result && read(result))
  const observed = column(({ left, returned }) => left ?? returned)
  const predicted = column((result) => result.predicted)
  findings.table('escape', 'Escape from a minimum', {
    depth: found.map(({ factors }) => Number(factors['depth'])),
    ratio: found.map(({ factors }) => Number(factors['ratio'])),
    step: column((result) => result.step),
    sharpness: column((result) => result.sharpness),
    limit: column((result) => result.limit),
    balancedLimit: column((result) => result.balancedLimit),
    multiplier: column((result) => result.multiplier),
    predicted,
    observed,
    fate: column((result) => result.fate),
    divergedAt: column((result) => result.diverged),
    state: found.map(({ state }) => state),
  })
  const differences = observed.flatMap((steps, at) => (steps === null ? [] : [Math.abs(steps - predicted[at]!)]))
  if (differences.length > 0) findings.say('difference', Math.max(...differences))
  findings.line({
    title: 'Steps until the minimum is left (above 1) or found again (below 1)',
    table: 'escape',
    x: 'ratio',
    y: ['predicted', 'observed'],
    by: 'depth',
    logY: true,
    marks: [{ axis: 'x', value: 1, label: 'largest stable step' }],
  })
  // Only the deepest chain is drawn, because the shape of the curves depends only on the multiple of the limit.
  const deepest = Math.max(...found.map(({ factors }) => Number(factors['depth'])))
  const curves = found.flatMap(({ factors, result }) =>
    result && factors['depth'] === deepest
      ? result.curve.step.map((at, k) => ({
          curve: timesTheLimit(factors['ratio']),
          at,
          distance: result.curve.distance[k]!,
        }))
      : [],
  )
  if (curves.length === 0) return
  findings.table('distances', `Distance from the minimum of ${deepest} factors`, {
    curve: curves.map(({ curve }) => curve),
    at: curves.map(({ at }) => at),
    distance: curves.map(({ distance }) => distance),
  })
  findings.line({
    title: `Distance from the minimum of ${deepest} factors`,
    table: 'distances',
    x: 'at',
    y: ['distance'],
    by: 'curve',
    logY: true,
    marks: [{ axis: 'y', value: 1e-5, label: 'left' }],
  })
  if (m > 0)
    findings.note(
      `With momentum ${m}, the limit is ${2 * (1 + m)} divided by the sharpness. The predicted steps assume that the distance grows by the same factor from the first step.`,
    )
  findings.note(
    'Runs marked "other minimum" or "bounded" left the minimum without diverging: they are held by a nearby flatter minimum or a cycle.',
  )
}

/** The share of starts that converge. */
export function reportStarts(cells: readonly StudyOutcome[], findings: Findings<typeof quantities>): void {
  const rows = [...new Map(cells.map(({ factors: { depth, ratio } }) => [`${depth} ${ratio}`, { depth, ratio }])).values()]
  const results = rows.map(({ depth, ratio }) =>
    STARTS.map(({ name }) => {
      const outcome = cells.find(({ factors }) => factors['depth'] === depth && factors['ratio'] === ratio && factors['start'] === name)
      return outcome ? chainStarts.resultOf(outcome) : null
    }),
  )
  const sharpest = results.map((row) => Math.max(...row.flatMap((result) => result?.largestStepTimesSharpness ?? [])))
  findings.table('starts', 'Share of starts that converge', {
    depth: rows.map(({ depth }) => Number(depth)),
    ratio: rows.map(({ ratio }) => Number(ratio)),
    curve: rows.map(({ ratio }) => timesTheLimit(ratio)),
    ...Object.fromEntries(STARTS.map(({ column }, at) => [column, results.map((row) => row[at]?.share ?? null)])),
    product: sharpest.map((value) => (value > 0 ? value : null)),
  })
  const reached = sharpest.filter((value) => value > 0)
  if (reached.length > 0) {
    findings.say('product', Math.max(...reached))
    findings.say('bound', stableSharpness(1))
  }
  findings.line({
    title: 'Share of starts that converge, by step size relative to the largest stable one',
    table: 'starts',
    x: 'depth',
    y: STARTS.map(({ column }) => column),
    by: 'curve',
    logX: true,
    marks: [],
  })
}

/** The convex and the concave part of a fit, and the progress of the fit. */
export function reportFit(outcome: StudyOutcome, findings: Findings<typeof quantities>): void {
  const result = convexFit.resultOf(outcome)
  if (!result) return
  const { x, target, sum, convex, concave, line, records } = result
  findings.table('fit', 'A sine as the sum of a line, a convex and a concave part', {
    x,
    target,
    sum,
    convexPart: convex,
    concavePart: concave,
    line,
  })
  const second = (values: readonly number[]): number[] => values.slice(2).map((value, at) => value - 2 * values[at + 1]! + values[at]!)
  findings.say('second', Math.min(...second(convex), ...second(concave.map((value) => -value))))
  findings.line({
    title: 'Convex and concave parts of a fit',
    table: 'fit',
    x: 'x',
    y: ['sum', 'target', 'convexPart', 'concavePart', 'line'],
    by: null,
    marks: [],
  })
  findings.table('records', 'During the fit', {
    at: records.step,
    loss: records.loss,
    movedW: records.w,
    movedC: records.c,
    movedAlpha: records.alpha,
    convexLipschitz: records.convexLipschitz,
    concaveLipschitz: records.concaveLipschitz,
  })
  findings.line({ title: 'Loss of the fit', table: 'records', x: 'at', y: ['loss'], by: null, logY: true, marks: [] })
  findings.line({
    title: 'How far the parameters of the fit move',
    table: 'records',
    x: 'at',
    y: ['movedW', 'movedC', 'movedAlpha'],
    by: null,
    marks: [],
  })
  findings.line({
    title: 'Lipschitz constants of the parts',
    table: 'records',
    x: 'at',
    y: ['convexLipschitz', 'concaveLipschitz'],
    by: null,
    marks: [],
  })
}
