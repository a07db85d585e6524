import jsep from 'jsep'
import { hint } from '../../../src-main/contract/near.js'
import { LONGEST_FORMULA } from '../../../src-main/contract/comparisons.js'
import { metricInfo, type Points } from '../../../src-main/contract/metrics.js'
import { FUNCTIONS, OPERATORS, REDUCTIONS } from './functions.js'

/** The message says what is wrong with the formula, in a sentence. */
export class FormulaError extends Error {}

/** Computes the points of a metric or of a function call. */
type Leaf = (series: (metric: string) => Points) => Points

/**
 * A node of the expression tree: its value as a function of the leaf values, and its unit. The unit is null for a number, which adopts that
 * of the other operand.
 */
interface Part {
  unit: string | null
  value(leaves: Float64Array): number
}

/** An expression over the metrics of a run, such as `train.loss / validation.loss`. */
export interface Formula {
  /** The text as shown and stored. */
  text: string
  /** Keys of the metrics it uses. */
  metrics: readonly string[]
  unit: string
  /** Evaluates it, given the points of its metrics. The times are those of the series whose steps are used. */
  points(series: (metric: string) => Points): Points
}

/**
 * The points of an expression, at the steps of the leaf with the fewest points. Every other leaf contributes its last value up to that
 * step; steps before the first point of any leaf are left out.
 */
function join(leaves: readonly Points[], value: Part['value']): Points {
  const base = leaves.reduce((fewest, leaf) => (leaf.steps.length < fewest.steps.length ? leaf : fewest))
  const at = new Float64Array(leaves.length)
  if (leaves.length === 1) {
    const values = base.values.map((known) => {
      at[0] = known
      return value(at)
    })
    return { ...base, values }
  }
  const cursors = new Int32Array(leaves.length).fill(-1)
  const values = new Float64Array(base.steps.length)
  let first = 0
  for (let i = 0; i < values.length; i++) {
    const step = base.steps[i] as number
    for (let leaf = 0; leaf < leaves.length; leaf++) {
      const { steps, values: known } = leaves[leaf] as Points
      let cursor = cursors[leaf] as number
      while (cursor + 1 < steps.length && (steps[cursor + 1] as number) <= step) cursor += 1
      cursors[leaf] = cursor
      if (cursor < 0) first = i + 1
      else at[leaf] = known[cursor] as number
    }
    if (first <= i) values[i] = value(at)
  }
  return { steps: base.steps.subarray(first), values: values.subarray(first), times: base.times.subarray(first) }
}

/** The unit of a sum, a difference, a minimum or a maximum; none if the units differ. */
const common = (a: Part, b: Part): string | null => (a.unit === null || a.unit === b.unit ? b.unit : b.unit === null ? a.unit : '')

function unitOf(operator: string, a: Part, b: Part): string | null {
  if (operator === '+' || operator === '-') return common(a, b)
  if (operator === '*' || operator === '/') {
    if (b.unit === null) return a.unit
    if (a.unit === null && operator === '*') return b.unit
    // A fraction is dimensionless, however it is shown.
    const [left = '', right = ''] = [a, b].map(({ unit }) => (unit === 'fraction' || unit === null ? '' : unit))
    if (operator === '*') return left && right ? `${left} · ${right}` : left || right
    if (left === right) return ''
    return right ? `${left || '1'} / ${/[ /]/.test(right) ? `(${right})` : right}` : left
  }
  return a.unit === null && b.unit === null ? null : ''
}

/** A metric as it is written in a formula: with dots, or in quotation marks if the name has other characters. */
export const nameOf = (metric: string): string =>
  /^(?!(?:true|false|null|this)$)[A-Za-z_]\w*(\/[A-Za-z_]\w*)*$/.test(metric)
    ? metric.replaceAll('/', '.')
    : `"${metric.replaceAll(/["\\]/g, '\\$&')}"`

/** Rewrites metrics written with a slash, as everywhere else in the app, so that the slash is not parsed as a division. */
function withNames(text: string, available: readonly string[]): string {
  const keys = available.filter((key) => key.includes('/')).sort((a, b) => b.length - a.length)
  if (keys.length === 0) return text
  const escaped = keys.map((key) => key.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  const quoted = `"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'`
  return text.replaceAll(new RegExp(`${quoted}|(?<![\\w/.])(?:${escaped})(?![\\w.])`, 'g'), (found) =>
    /^["']/.test(found) ? found : nameOf(found),
  )
}

function parse(text: string): jsep.Expression {
  try {
    return jsep(text)
  } catch (error) {
    const { description, index } = error as { description?: string; index?: number }
    if (description === undefined) throw error
    throw new FormulaError(`${description}${index === undefined ? '' : ` at character ${index + 1}`}.`)
  }
}

/**
 * Parses a formula. Only numbers, metrics, the four arithmetic operators, powers and the functions of `functions.ts` are accepted, and the
 * text is never executed as code.
 * @param available keys of the available metrics; null accepts any name
 * @throws FormulaError that says what is wrong and what is allowed
 */
export function readFormula(given: string, available: readonly string[] | null): Formula {
  const trimmed = given.trim()
  if (trimmed === '') throw new FormulaError('Write an expression over metrics, such as train.loss / validation.loss.')
  const text = withNames(trimmed, available ?? [])
  if (text.length > LONGEST_FORMULA) throw new FormulaError(`A formula has at most ${LONGEST_FORMULA} characters.`)
  const known = available === null ? null : new Set(available)
  const metrics = new Set<string>()

  /** Reads an expression with leaves of its own: the whole formula, or the argument of a function. */
  function expression(node: jsep.Expression): { unit: string; points: Leaf } | number {
    const leaves: Leaf[] = []
    const { unit, value } = readPart(node, leaves)
    if (leaves.length === 0) return value(new Float64Array(0))
    const points: Leaf = (series) =>
      join(
        leaves.map((leaf) => leaf(series)),
        value,
      )
    return { unit: unit ?? '', points }
  }

  function readPart(whole: jsep.Expression, leaves: Leaf[]): Part {
    const leaf = (unit: string, points: Leaf): Part => {
      const place = leaves.push(points) - 1
      return { unit, value: (at) => at[place] as number }
    }

    function metric(key: string): Part {
      if (available && !known?.has(key)) {
        // Without quotation marks, a dot in a metric's own name was read as a slash.
        const dotted = available.filter((name) => name.replaceAll('.', '/') === key)
        const names = (dotted.length > 0 ? dotted : available).map((name) => (name.includes('/') ? name : nameOf(name)))
        throw new FormulaError(`There is no metric ${key}: ${hint(key, names, 'choose one of those below.')}`)
      }
      metrics.add(key)
      return leaf(metricInfo(key).unit, (series) => series(key))
    }

    function path(node: jsep.Expression): string {
      if (node.type === 'Identifier') return String(node['name'])
      const { object, property, computed } = node as jsep.MemberExpression
      if (node.type !== 'MemberExpression' || computed) throw new FormulaError('Metrics are written as train.loss or "train/loss".')
      return `${path(object)}/${path(property)}`
    }

    function call({ callee, arguments: given }: jsep.CallExpression): Part {
      if (callee.type !== 'Identifier') throw new FormulaError(`A function is called by its name alone, such as log(x). ${ALLOWED}`)
      const name = String(callee['name'])
      const reduction = REDUCTIONS.get(name)
      if (reduction) {
        if (given.length < 2) throw new FormulaError(`${reduction.usage} takes two or more values.`)
        return given.map(part).reduce((a, b) => ({ unit: common(a, b), value: (at) => reduction.of(a.value(at), b.value(at)) }))
      }
      const called = FUNCTIONS.get(name)
      if (!called)
        throw new FormulaError(`There is no function ${name}: ${hint(name, [...FUNCTIONS.keys(), ...REDUCTIONS.keys()], '')}`.trim())
      const { usage, keepsUnit, number, skipsFirst = false, values } = called
      const [first, second] = given
      if (!first || given.length !== (number ? 2 : 1)) throw new FormulaError(`Write it as ${usage}.`)
      const inner = expression(first)
      if (typeof inner === 'number') throw new FormulaError(`${usage} takes a metric, or an expression with one.`)
      const parameter = second ? expression(second) : NaN
      if (number && !(typeof parameter === 'number' && number.valid(parameter)))
        throw new FormulaError(`The second value of ${usage} must be ${number.must}.`)
      return leaf(keepsUnit ? inner.unit : '', (series) => {
        const { steps, values: before, times } = inner.points(series)
        const from = skipsFirst ? 1 : 0
        const computed = values(before, parameter as number)
        return { steps: steps.subarray(from), values: computed.subarray(from), times: times.subarray(from) }
      })
    }

    function part(node: jsep.Expression): Part {
      switch (node.type) {
        case 'Literal': {
          const { value } = node as jsep.Literal
          if (typeof value === 'string') return metric(value)
          if (typeof value !== 'number') throw new FormulaError(`${String(value)} is neither a number nor a metric.`)
          return { unit: null, value: () => value }
        }
        case 'Identifier':
        case 'MemberExpression':
          return metric(path(node))
        case 'UnaryExpression': {
          const { operator, argument } = node as jsep.UnaryExpression
          const { unit, value } = part(argument)
          if (operator === '+') return { unit, value }
          if (operator === '-') return { unit, value: (at) => -value(at) }
          throw new FormulaError(`The operator ${operator} is not allowed. ${ALLOWED}`)
        }
        case 'BinaryExpression': {
          const { operator, left, right } = node as jsep.BinaryExpression
          const of = OPERATORS.get(operator)
          if (!of)
            throw new FormulaError(`The operator ${operator} is not allowed. ${operator === '^' ? 'A power is written **.' : ALLOWED}`)
          // The parser reads -x ** 2 as (-x) ** 2, mathematical convention as -(x ** 2).
          if (operator === '**' && left.type === 'UnaryExpression')
            throw new FormulaError('A power of a value with a sign can be read in two ways: write 0 - x ** 2 or (0 - x) ** 2.')
          const [a, b] = [part(left), part(right)]
          return { unit: unitOf(operator, a, b), value: (at) => of(a.value(at), b.value(at)) }
        }
        case 'CallExpression':
          return call(node as jsep.CallExpression)
        case 'Compound':
          throw new FormulaError(`There are values without an operator between them. ${ALLOWED}`)
        default:
          throw new FormulaError(`This is not an expression over metrics. ${ALLOWED}`)
      }
    }
    return part(whole)
  }

  const read = expression(parse(text))
  if (typeof read === 'number') throw new FormulaError('It contains no metric, so there are no points to draw.')
  return { text, metrics: [...metrics], unit: read.unit, points: read.points }
}

const ALLOWED = 'Allowed are + - * / ** with parentheses, and functions.'

/** Parses a stored formula, whose metrics were checked when it was added; null if it is no longer valid. */
export function storedFormula(text: string): Formula | null {
  try {
    return readFormula(text, null)
  } catch (error) {
    if (error instanceof FormulaError) return null
    throw error
  }
}
