import { metricInfo, type MetricInfo } from '../../src-main/contract/metrics.js'
import { storedFormula } from './formulas/formula.js'
import { formulaOf } from './formulas/key.js'

export interface ChartPlan {
  id: string
  title: string
  unit: string
  keys: string[]
  logarithmic: boolean
  section: MetricInfo['section']
}

/** The name of a metric, or the text of a formula. */
export const metricLabel = (key: string): string => formulaOf(key) ?? metricInfo(key).label
/** A title short enough for a small chart; the full name is the description. */
export const chartTitle = (key: string): string => formulaOf(key) ?? metricInfo(key).short ?? metricLabel(key)
export function metricUnit(key: string): string {
  const formula = formulaOf(key)
  return formula === null ? metricInfo(key).unit : (storedFormula(formula)?.unit ?? '')
}

/** The reconstruction error of one stage; those of all stages replace the largest one in its chart. */
const STAGE = /^reversibility\/stage(\d+)$/
const LARGEST = 'reversibility/reconstructionError'
/** Metrics that are drawn in the chart of another one. */
const BESIDE: Readonly<Record<string, string>> = { 'stability/limit': 'stability/rateTimesSharpness' }

/** The label of a metric inside a chart whose title already names the subject. */
export function lineLabel(key: string): string {
  const short: Record<string, string> = {
    'train/loss': 'training',
    'test/loss': 'test',
    'test/accuracy': 'test',
    'validation/loss': 'validation',
    'validation/accuracy': 'validation',
  }
  const stage = STAGE.exec(key)?.[1]
  return stage ? `stage ${stage}` : (short[key] ?? metricLabel(key))
}

/** Loss and accuracy come first and are always shown, so that the layout does not jump when their first points arrive. */
const MAIN: ChartPlan[] = [
  { id: 'loss', title: 'Loss', unit: 'nats', keys: ['train/loss', 'test/loss', 'validation/loss'], logarithmic: false, section: 'Loss' },
  {
    id: 'accuracy',
    title: 'Accuracy',
    unit: 'fraction',
    keys: ['test/accuracy', 'validation/accuracy'],
    logarithmic: false,
    section: 'Accuracy',
  },
]

/** Sections below the charts of loss and accuracy; metrics of those two that are not in their charts go to the training section. */
const BELOW: MetricInfo['section'][] = ['Reversibility', 'Stability', 'Training', 'System']
const ORDER: MetricInfo['section'][] = ['Reversibility', 'Stability', 'Loss', 'Accuracy', 'Training', 'System']
/** The position of a chart's section among the others. */
export const rankOf = (plan: ChartPlan): number => ORDER.indexOf(plan.section)

/**
 * The charts of a run's page: loss and accuracy, a chart for each formula, then one for each other reported metric, by section. The
 * reconstruction errors of the stages share one chart, because the largest of them alone would hide the others.
 */
export function planCharts(keys: Iterable<string>): { main: ChartPlan[]; others: ChartPlan[] } {
  const all = [...new Set(keys)]
  const present = all.filter((key) => formulaOf(key) === null && !metricInfo(key).companion)
  const placed = new Set(MAIN.flatMap((plan) => plan.keys))
  const formulas = all.filter((key) => formulaOf(key) !== null)
  const main = [
    ...MAIN.map((plan) => ({ ...plan, keys: plan.keys.filter((key, i) => i === 0 || present.includes(key)) })),
    // Placed here because a user who adds a formula wants to see its chart.
    ...formulas.map((key): ChartPlan => ({
      id: key,
      title: chartTitle(key),
      unit: metricUnit(key),
      keys: [key],
      logarithmic: false,
      section: 'Training',
    })),
  ]

  const groups = new Map<string, ChartPlan>()
  for (const key of present.filter((name) => !placed.has(name)).sort()) {
    const id = STAGE.test(key) ? LARGEST : (BESIDE[key] ?? key)
    if (key === LARGEST && present.some((other) => STAGE.test(other))) continue
    const plan = groups.get(id)
    if (plan) plan.keys.push(key)
    else {
      const { unit, section, logarithmic = false } = metricInfo(id)
      const shown = BELOW.includes(section) ? section : 'Training'
      groups.set(id, { id, title: chartTitle(id), unit, keys: [key], logarithmic, section: shown })
    }
  }
  const others = [...groups.values()].sort((a, b) => rankOf(a) - rankOf(b) || a.id.localeCompare(b.id))
  return { main, others }
}

/** Charts grouped by section, in the same order. */
export function bySection(plans: readonly ChartPlan[]): { section: ChartPlan['section']; plans: ChartPlan[] }[] {
  const sections: { section: ChartPlan['section']; plans: ChartPlan[] }[] = []
  for (const plan of plans) {
    const last = sections.at(-1)
    if (last?.section === plan.section) last.plans.push(plan)
    else sections.push({ section: plan.section, plans: [plan] })
  }
  return sections
}
