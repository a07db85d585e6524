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
    `Fraction of starts ${factors} from which descent reaches |product − target| < 1e-6 by its last step`,
    'Definition of the reference, derived from Nar and Sastry 2018',
  )

/** Everything that the study of the stability of descent reports. */
export const quantities = {
  part: quantity('Part', '', 'What the cell computes: escape, starts or fit', 'Retrace'),
  state: SHARED.state,
  depth: quantity('Factors of the chain', 'layers', 'Number L of factors p of the chain (∏ p − target)² / 2', READ, 'L'),
  start: quantity('Start', '', 'Factors 1 + w (residual) or w (plain), with w normally distributed with this standard deviation', READ),
  ratio: quantity(
    'Step size relative to the stable limit',
    '',
    'Step size divided by the largest stable one: that of the minimum itself for the escape, that of equal factors for the starts',
    DERIVED,
  ),
  step: quantity('Step size', '', 'δ in w ← w − δ f′(w)', READ, 'δ'),
  sharpness: quantity('Sharpness of the minimum', '', 'Largest eigenvalue of the Hessian: target² Σ p⁻²', LEMMA, 'λ'),
  limit: quantity('Largest stable step size', '', '2 (1 + m) / λ with momentum m', LEMMA),
  balancedLimit: quantity(
    'Largest stable step size of equal factors',
    '',
    '2 (1 + m) / (L target^(2 − 2/L)), the largest of all minima',
    DERIVED,
  ),
  multiplier: quantity('Growth per step', '', 'Spectral radius of the linearised step; |1 − δλ| without momentum', DERIVED),
  predicted: quantity(
    'Predicted steps',
    'steps',
    'log(d/1e-8) / log(growth) with d = 1e-5 if descent leaves the minimum and 1e-12 if it returns',
    DERIVED,
  ),
  observed: quantity('Observed steps', 'steps', 'First step at which the distance along the steepest direction reached d', DERIVED),
  difference: quantity('Largest difference between prediction and observation', 'steps', 'Over all chains that have both', DERIVED),
  fate: quantity(
    'Outcome',
    '',
    'returns: converges to the minimum again; other minimum: leaves it and settles in another one; bounded: leaves it and neither settles nor grows; diverges: grows without bound',
    DERIVED,
  ),
  divergedAt: quantity('Diverged at step', 'steps', 'First step at which a factor exceeds 1e6', DERIVED),
  at: quantity('Step', 'steps', 'Steps of descent', 'Retrace'),
  distance: quantity('Distance from the minimum', '', 'Along the eigenvector of the largest eigenvalue of its Hessian', DERIVED),
  curve: quantity('Step size', '', 'Multiple of the stable limit', 'Retrace'),
  shareResidual: share('Residual', 'p = 1 + w with w of standard deviation 0.1'),
  sharePlainWide: share('Plain (1)', 'p = w with w of standard deviation 1'),
  sharePlainNarrow: share('Plain (0.1)', 'p = w with w of standard deviation 0.1'),
  product: quantity('Largest step times sharpness', '', 'Largest δλ over all minima that were reached from the starts', DERIVED, 'δλ'),
  bound: quantity('Bound on step times sharpness', '', 'Descent can stay at a minimum only if δλ ≤ 2', READ),
  x: quantity('x', '', '101 points from −π to π', OURS),
  target: quantity('Target', '', 'sin x', OURS),
  sum: quantity('Fit', '', 'Line + convex part + concave part', OURS),
  convexPart: quantity('Convex part', '', 'Σ α² max(0, w x − c)', OURS),
  concavePart: quantity('Concave part', '', '−Σ α² max(0, w x − c), with its own parameters', OURS),
  line: quantity('Line', '', 'a x + b', OURS),
  loss: quantity('Loss', '', 'Half the mean squared error over all points', OURS),
  movedW: quantity('w moved', 'relative', 'Distance from the initial values divided by their norm, for both parts together', OURS),
  movedC: quantity('c moved', 'relative', 'Same as for w', OURS),
  movedAlpha: quantity('α moved', 'relative', 'Same as for w', OURS),
  convexLipschitz: quantity('Lipschitz constant of the convex part', '', 'Largest absolute slope between −π and π', OURS),
  concaveLipschitz: quantity('Lipschitz constant of the concave part', '', 'Same as for the convex part', OURS),
  second: quantity(
    'Smallest second difference of the parts',
    '',
    'Smallest second difference of the convex part and of the negated concave part; at least 0 up to rounding if the parts are convex and concave',
    OURS,
  ),
} as const
