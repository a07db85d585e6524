import { SHARED } from '../quantities.js'

const READ = 'Nar and Sastry 2018, arXiv 1803.08203 (abstract read)'
const LEMMA = 'Nar and Sastry 2018 (lemma read in the appendix of arXiv 1805.08890); closed form derived'
const DERIVED = 'Derived; src-main/numeric/theory/chain.ts'
const OURS = 'Ours, derived; src-main/numeric/theory/convex-pair.ts'

const quantity = (label: string, unit: string, formula: string, source: string, symbol = '') => ({ label, symbol, unit, formula, source })

const share = (label: string, factors: string) =>
  quantity(
    `${label} starts that converge`,
    'fraction',
    `Fraction of starts ${factors} from which descent has |product − target| < 1e-6 after its last step`,
    'Definition of the reference, derived from Nar and Sastry 2018',
  )

/** Everything that the study of the stability of descent reports. */
export const quantities = {
  part: quantity('Part', '', 'What the cell computes: escape, starts or fit', 'Retrace'),
  state: SHARED.state,
  depth: quantity('Factors of the chain', 'layers', 'Number L of factors p of the chain (∏ p − target)² / 2', READ, 'L'),
  start: quantity('Start', '', 'Factors 1 + w (residual) or w (plain) with normal w of this deviation', READ),
  ratio: quantity(
    'Step size over the stable limit',
    '',
    'Step over the largest stable one: at the minimum itself for the escape, of equal factors for the starts',
    DERIVED,
  ),
  step: quantity('Step size', '', 'Of w ← w − δ f′(w)', READ, 'δ'),
  sharpness: quantity('Sharpness of the minimum', '', 'Largest eigenvalue of the Hessian: target² Σ p⁻²', LEMMA, 'λ'),
  limit: quantity('Largest stable step size', '', '2 (1 + m) / λ with momentum m', LEMMA),
  balancedLimit: quantity(
    'Largest stable step size of equal factors',
    '',
    '2 (1 + m) / (L target^(2 − 2/L)): no minimum has a larger one',
    DERIVED,
  ),
  multiplier: quantity('Growth per step', '', 'Spectral radius of the linearised step; |1 − δλ| without momentum', DERIVED),
  predicted: quantity(
    'Predicted steps',
    'steps',
    'log(d/1e-8) / log(growth) with d = 1e-5 where it leaves and 1e-12 where it returns',
    DERIVED,
  ),
  observed: quantity('Observed steps', 'steps', 'First step at which the distance along the steepest direction reached d', DERIVED),
  difference: quantity('Largest difference of prediction and observation', 'steps', 'Over all chains with both', DERIVED),
  fate: quantity(
    'What becomes of it',
    '',
    'returns to the minimum; other minimum: leaves it and settles in another one; bounded: leaves it and neither settles nor grows; diverges',
    DERIVED,
  ),
  divergedAt: quantity('Diverged at step', 'steps', 'First step with a factor beyond 1e6', DERIVED),
  at: quantity('Step', 'steps', 'Steps of descent', 'Retrace'),
  distance: quantity('Distance from the minimum', '', 'Along the eigenvector of the largest eigenvalue of its Hessian', DERIVED),
  curve: quantity('Step size', '', 'Over the stable limit', 'Retrace'),
  shareResidual: share('Residual', 'p = 1 + w with w of deviation 0.1'),
  sharePlainWide: share('Plain (1)', 'p = w with w of deviation 1'),
  sharePlainNarrow: share('Plain (0.1)', 'p = w with w of deviation 0.1'),
  product: quantity('Largest step times sharpness', '', 'δλ, the largest over all minima that were reached from the starts', DERIVED, 'δλ'),
  bound: quantity('Bound of step times sharpness', '', 'Descent can stay at a minimum only if δλ ≤ 2', READ),
  x: quantity('x', '', '101 points from −π to π', OURS),
  target: quantity('Target', '', 'sin x', OURS),
  sum: quantity('Fit', '', 'Line + convex part + concave part', OURS),
  convexPart: quantity('Convex part', '', 'Σ α² max(0, w x − c)', OURS),
  concavePart: quantity('Concave part', '', '−Σ α² max(0, w x − c), with parameters of its own', OURS),
  line: quantity('Line', '', 'a x + b', OURS),
  loss: quantity('Loss', '', 'Half the mean squared error over all points', OURS),
  movedW: quantity('w moved', 'relative', 'Distance from the start over the norm of the start, of both parts together', OURS),
  movedC: quantity('c moved', 'relative', 'As for w', OURS),
  movedAlpha: quantity('α moved', 'relative', 'As for w', OURS),
  convexLipschitz: quantity('Lipschitz constant of the convex part', '', 'Largest slope in magnitude between −π and π', OURS),
  concaveLipschitz: quantity('Lipschitz constant of the concave part', '', 'As that of the convex part', OURS),
  second: quantity(
    'Smallest second difference of the parts',
    '',
    'Smallest of the convex part and of the negated concave part; at least 0 up to rounding where they are what they are called',
    OURS,
  ),
} as const
