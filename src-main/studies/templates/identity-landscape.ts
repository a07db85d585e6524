import { z } from 'zod'
import { field } from '../../contract/config.js'
import { builtOptimum, counterexamples, determinantSign } from '../../numeric/theory/linear-residual.js'
import { LINEAR_PROBLEMS, linearDescent, problemOf, type LinearProblemName } from '../computations/linear-descent.js'
import { numbersOption, readNumbers } from '../options.js'
import { SHARED } from '../quantities.js'
import { failures } from '../report.js'
import { defineStudy, type NewCell } from '../template.js'

const READ = 'Hardt and Ma 2017, arXiv 1611.04231, Theorem 2.1 (read as others quote it)'
const RECALLED = 'Hardt and Ma 2017 (recalled)'
const DERIVED = 'Derived; src-main/numeric/theory/linear-residual.ts'
const quantity = (label: string, unit: string, formula: string, source: string, symbol = '') => ({ label, symbol, unit, formula, source })

const quantities = {
  problem: quantity(
    'Problem',
    '',
    'residual: layers I + A, starting at A = 0; plain: layers W, starting from small entries; negative determinant: R = −1',
    DERIVED,
  ),
  depth: quantity('Layers', 'layers', 'Number l of linear layers', READ, 'l'),
  state: SHARED.state,
  at: quantity('Step', 'steps', 'Steps of gradient descent', 'Retrace'),
  excess: quantity('Excess', '', 'f − C = |(product of the layers − R) S^½|²: the loss above its noise floor', READ, 'f − C'),
  gradient: quantity('Squared gradient norm', '', 'Sum over all layers', DERIVED, '|∇f|²'),
  bound: quantity('Lower bound by τ', '', '4 l (1 − τ)^(2(l−1)) s_min(S) (f − C); none where τ ≥ 1', DERIVED),
  tight: quantity('Lower bound by all layers', '', '4 s_min(S) (f − C) Σ_i ∏_(j≠i) s_min(I + A_j)²', DERIVED),
  quoted: quantity(
    'Bound as usually quoted',
    '',
    '4 l (1 − τ)^(l−1) s_min(S)² (f − C): false in this form, see the counterexamples',
    `${RECALLED}, eq. 2.3`,
  ),
  tau: quantity('Largest residual', '', 'τ = max |A_i|, the largest spectral norm of a layer minus the identity', READ, 'τ'),
  tauDepth: quantity('Largest residual times layers', '', 'τ l, which the 1/l law keeps bounded', DERIVED, 'τ l'),
  optimumFirst: quantity(
    'Bound on the residuals of an optimum',
    '',
    '(4π + 3γ) / l with γ = max |log s(R)|; only for det R > 0 and l ≥ 3γ',
    READ,
  ),
  optimumLater: quantity('Bound on the residuals of an optimum, later version', '', '2 (√π + √(3γ))² / l; only for det R > 0', RECALLED),
  optimumBuilt: quantity(
    'Largest residual of a constructed optimum',
    '',
    'Polar form R = U P: half of the layers are roots of U, half of P; only for det R > 0',
    DERIVED,
  ),
  stableRate: quantity(
    'Largest stable learning rate',
    '',
    '2 divided by the largest eigenvalue of the Hessian at the end; only if the excess is below 1% of its initial value',
    DERIVED,
  ),
  rate: quantity('Learning rate', '', 'The same for all layers: the value of the option divided by the number of layers', 'Retrace'),
  determinant: quantity('Sign of det R', '', 'R is the best linear map. The theorems require a positive determinant', READ),
  checked: quantity('Steps checked', 'steps', 'Steps at which both lower bounds were compared with the gradient', DERIVED),
  violated: quantity(
    'Violations of the derived bounds',
    'steps',
    'Steps with bound > tight bound or tight bound > |∇f|², beyond rounding',
    DERIVED,
  ),
  quotedViolated: quantity('Violations of the quoted bound', 'steps', 'Steps with the quoted bound above |∇f|²', DERIVED),
  name: quantity('Counterexample', '', 'A point with A_i, S and R', DERIVED),
} as const

export const identityLandscape = defineStudy({
  id: 'identity-landscape',
  title: 'Landscape of linear residual networks',
  rank: 21,
  question: 'Are the optima the only critical points of a linear residual network, how small can its layers be, and when does this fail?',
  limits:
    'Linear networks in double precision, with the second moments of their inputs and without noise. The bounds hold while every residual is smaller than 1; there are none for larger residuals.',
  quantities,
  options: {
    depths: numbersOption('1, 2, 8, 32', {
      group: 'Network',
      label: 'Layers',
      unit: 'layers',
      help: 'Numbers of layers, separated by commas.',
    }),
    size: field(z.int().min(1).max(16).default(8), {
      group: 'Network',
      label: 'Size',
      help: 'Number of inputs and outputs of every layer.',
    }),
    deviation: field(z.number().min(0).max(2).default(0.35), {
      group: 'Data',
      label: 'Deviation of the target',
      help: 'The best linear map is the identity plus normally distributed entries with this standard deviation; its determinant is made positive.',
    }),
    plainDeviation: field(z.number().min(0).max(2).default(0.5), {
      group: 'Network',
      label: 'Deviation of plain layers',
      help: 'Entries of plain layers are initialised from a normal distribution with this standard deviation divided by the square root of the size.',
    }),
    rate: field(z.number().positive().max(10).default(0.05), {
      group: 'Training',
      label: 'Learning rate times layers',
      help: 'The learning rate is this value divided by the number of layers.',
    }),
    steps: field(z.int().min(1).max(20_000).default(400), {
      group: 'Training',
      label: 'Steps',
      unit: 'steps',
      help: 'Number of steps of each descent; 20 times as many if the determinant is negative.',
    }),
    seed: field(z.int().min(0).max(1e9).default(1), {
      group: 'Run',
      label: 'Seed',
      help: 'Determines the target and the initial plain layers.',
    }),
  },
  expand({ depths, size, deviation, plainDeviation, rate, steps, seed }) {
    return readNumbers('depths', depths, { least: 1, whole: true }).flatMap((depth) =>
      LINEAR_PROBLEMS.map((problem): NewCell<typeof quantities> => ({
        factors: { problem, depth },
        work: linearDescent.work({
          problem, size, deviation, depth, plainDeviation, rate, seed, steps: problem === 'negative determinant' ? 20 * steps : steps,
        }), // prettier-ignore
      })),
    )
  },
  report(outcomes, { size, deviation, rate, seed }, _home, findings) {
    const cells = outcomes.map((outcome) => ({
      problem: outcome.factors['problem'] as LinearProblemName,
      depth: Number(outcome.factors['depth']),
      state: outcome.state,
      result: linearDescent.resultOf(outcome),
    }))
    type Result = NonNullable<(typeof cells)[number]['result']>
    const column = <T>(read: (result: Result, depth: number) => T): (T | null)[] =>
      cells.map(({ result, depth }) => result && read(result, depth))
    findings.table('descents', 'Descent by problem and depth', {
      problem: cells.map(({ problem }) => problem),
      depth: cells.map(({ depth }) => depth),
      // Known before anything has run.
      determinant: cells.map(({ problem }) => determinantSign(problemOf(problem, size, deviation, seed).target)),
      excess: column(({ excess }) => excess),
      tau: column(({ tau }) => tau),
      tauDepth: column(({ tau }, depth) => tau && tau * depth),
      optimumFirst: column(({ optimumFirst }) => optimumFirst),
      optimumLater: column(({ optimumLater }) => optimumLater),
      rate: cells.map(({ depth }) => rate / depth),
      stableRate: column(({ stableRate }) => stableRate),
      checked: column(({ checked }) => checked),
      violated: column(({ violated }) => violated),
      quotedViolated: column(({ quotedViolated }) => quotedViolated),
      state: cells.map(({ state }) => state),
    })
    const sum = (key: 'checked' | 'violated' | 'quotedViolated'): number => cells.reduce((all, { result }) => all + (result?.[key] ?? 0), 0)
    for (const key of ['checked', 'violated', 'quotedViolated'] as const) findings.say(key, sum(key))

    const curves = (
      problem: LinearProblemName,
    ): { key: string; rows: { depth: number; step: number; at: number; curve: Result['curve'] }[] } => ({
      key: { residual: 'residual', plain: 'plain', 'negative determinant': 'negative' }[problem],
      rows: cells.flatMap(({ problem: of, depth, result }) =>
        result && of === problem ? result.curve.step.map((step, at) => ({ depth, step, at, curve: result.curve })) : [],
      ),
    })
    for (const [problem, title] of [
      ['residual', 'Excess of residual layers'],
      ['plain', 'Excess of plain layers with small initial weights'],
      ['negative determinant', 'Excess if the determinant is negative'],
    ] as const) {
      const { key, rows } = curves(problem)
      if (rows.length === 0) continue
      findings.table(key, title, {
        depth: rows.map(({ depth }) => depth),
        at: rows.map(({ step }) => step),
        excess: rows.map(({ at, curve }) => curve.excess[at]!),
      })
      findings.line({ title, table: key, x: 'at', y: ['excess'], by: 'depth', logY: true, marks: [] })
    }
    reportBounds()
    reportSizes()
    const points = counterexamples()
    findings.table('counterexamples', 'Counterexamples to the bound as usually quoted', {
      name: points.map(({ name }) => name),
      excess: points.map(({ excess }) => excess),
      gradient: points.map(({ gradientNormSquared }) => gradientNormSquared),
      bound: points.map(({ bound }) => bound),
      quoted: points.map(({ quoted }) => quoted),
    })
    findings.note(
      'The bound is false in the form in which it is usually quoted: at both counterexamples it exceeds the squared gradient norm. The study therefore checks the derived bounds.',
    )
    findings.warn(
      'The problem "negative determinant" violates the hypothesis of the theorems: with two or more layers, descent from the identity cannot reach its optimum and stops at an excess of 1.',
    )
    for (const failure of failures(outcomes)) findings.warn(failure)

    /** Shown for one depth, which is representative of the others. */
    function reportBounds(): void {
      const deepest = Math.max(...cells.map(({ depth }) => depth))
      const rows = curves('residual').rows.filter(({ depth }) => depth === deepest)
      if (rows.length === 0) return
      const of = <Key extends keyof Result['curve']>(key: Key) => rows.map(({ at, curve }) => curve[key][at]!)
      findings.table('bounds', `Gradient and its lower bounds, ${deepest} layers`, {
        at: rows.map(({ step }) => step),
        gradient: of('gradient'),
        tight: of('tight'),
        bound: of('bound'),
        quoted: of('quoted'),
        tau: of('tau'),
      })
      findings.line({
        title: `Gradient and its lower bounds, ${deepest} layers`,
        table: 'bounds',
        x: 'at',
        y: ['gradient', 'tight', 'bound', 'quoted'],
        by: null,
        logY: true,
        marks: [],
      })
    }

    function reportSizes(): void {
      const rows = cells.filter(({ problem, result }) => problem === 'residual' && result !== null)
      if (rows.length === 0) return
      findings.table('sizes', 'Largest residual over depth', {
        depth: rows.map(({ depth }) => depth),
        tau: rows.map(({ result }) => result!.tau),
        optimumFirst: rows.map(({ result }) => result!.optimumFirst),
        optimumLater: rows.map(({ result }) => result!.optimumLater),
        optimumBuilt: rows.map(({ depth }) => builtOptimum(problemOf('residual', size, deviation, seed).target, depth)),
      })
      findings.line({
        title: 'Largest residual at the end over depth; the 1/l law is a straight line',
        table: 'sizes',
        x: 'depth',
        y: ['tau', 'optimumFirst', 'optimumLater', 'optimumBuilt'],
        by: null,
        logX: true,
        logY: true,
        marks: [],
      })
    }
  },
})
