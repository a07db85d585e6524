import jsep from 'jsep'
import { hint } from '../../../src-main/contract/near.js'
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

/** The maximum length of a formula. It also bounds the nesting depth, and with it the recursion of the parser and of the evaluation. */
export const LONGEST_FORMULA = 300

/**
 * The points of an expression, at the steps of the leaf with the fewest points. Every other leaf contributes its last value up to that
 * step; steps before the first point of any leaf are left out.
 */
function join(leaves: readonly Points[], value: Part['value']): Points {
  const base = leaves.reduce((fewest, leaf) => (leaf.steps.length < fewest.steps.length ? leaf : fewest))
  const cursors = new Int32Array(leaves.length).fill(-1)
  const at = new Float64Array(leaves.length)
  const values = new Float64Array(base.steps.length)
  let first = 0
  for (let i = 0; i < values.length; i++) {
    const step = base.steps[i] as number
    let whole = true
    leaves.forEach(({ steps, values: known }, leaf) => {
      let cursor = cursors[leaf] as number
      while (cursor + 1 < steps.length && (steps[cursor + 1] as number) <= step) cursor += 1
      cursors[leaf] = cursor
      if (cursor < 0) whole = false
      else at[leaf] = known[cursor] as number
    })
    if (whole) values[i] = value(at)
    else first = i + 1
  }
  return { steps: base.steps.subarray(first), values: values.subarray(first), times: base.times.subarray(first) }
}

/** The unit of a sum, a difference, a minimum or a maximum; none if the units differ. */
const common = (a: Part, b: Part): string | null => (a.unit === null || a.unit === b.unit ? b.unit : b.unit === null ? a.unit : '')

function unitOf(operator: string, a: Part, b: Part): string | null {
  if (operator === '+' || operator === '-') return common(a, b)
  if (operator === '*' || operator === '/') {
    // A fraction is dimensionless, however it is shown.
    const [left, right] = [a, b].map(({ unit }) => (unit === 'fraction' ? '' : unit))
    if (b.unit === null) return a.unit
    if (!right) return operator === '/' || a.unit === null ? (left ?? '') : left!
    if (operator === '*') return left ? `${left} · ${right}` : right
    return left === right ? '' : left ? `${left} / ${right}` : `1 / ${right}`
  }
  return a.unit === null && b.unit === null ? null : ''
}

const nameOf = (metric: string): string => (/^[A-Za-z_]\w*(\/[A-Za-z_]\w*)*$/.test(metric) ? metric.replaceAll('/', '.') : `"${metric}"`)

/** Rewrites metrics written with a slash, as everywhere else in the app, so that the slash is not parsed as a division. */
function withNames(text: string, available: readonly string[]): string {
  const keys = available.filter((key) => key.includes('/')).sort((a, b) => b.length - a.length)
  if (keys.length === 0) return text
  const escaped = keys.map((key) => key.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  return text.replaceAll(new RegExp(`"[^"]*"|(?<![\\w/.])(?:${escaped})(?![\\w.])`, 'g'), (found) =>
    found.startsWith('"') ? found : nameOf(found),
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
 * @param available keys of the available metrics
 * @throws FormulaError that says what is wrong and what is allowed
 */
export function readFormula(given: string, available: readonly string[]): Formula {
  const trimmed = given.trim()
  if (trimmed === '') throw new FormulaError('Write an expression over metrics, such as train.loss / validation.loss.')
  const text = withNames(trimmed, available)
  if (text.length > LONGEST_FORMULA) throw new FormulaError(`A formula has at most ${LONGEST_FORMULA} characters.`)
  const known = new Set(available)
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
      if (!known.has(key)) throw new FormulaError(`There is no metric ${key}: ${hint(key, available, 'choose one of those below.')}`)
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
      const name = callee.type === 'Identifier' ? String(callee['name']) : ''
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
      if (!first || given.length !== (number ? 2 : 1)) throw new FormulaError(`It is written ${usage}.`)
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
          throw new FormulaError(`The sign ${operator} is not allowed. ${ALLOWED}`)
        }
        case 'BinaryExpression': {
          const { operator, left, right } = node as jsep.BinaryExpression
          const of = OPERATORS.get(operator)
          if (!of) throw new FormulaError(`The sign ${operator} is not allowed. ${operator === '^' ? 'A power is written **.' : ALLOWED}`)
          // The parser reads -x ** 2 as (-x) ** 2, mathematical convention as -(x ** 2).
          if (operator === '**' && left.type === 'UnaryExpression')
            throw new FormulaError('A power of a value with a sign can be read in two ways: write 0 - x ** 2 or (0 - x) ** 2.')
          const [a, b] = [part(left), part(right)]
          return { unit: unitOf(operator, a, b), value: (at) => of(a.value(at), b.value(at)) }
        }
        case 'CallExpression':
          return call(node as jsep.CallExpression)
        case 'Compound':
          throw new FormulaError(`There are values without a sign between them. ${ALLOWED}`)
        default:
          throw new FormulaError(`This is no expression over metrics. ${ALLOWED}`)
      }
    }
    return part(whole)
  }

  const read = expression(parse(text))
  if (typeof read === 'number') throw new FormulaError('There is no metric in it, so that it has no points to draw.')
  return { text, metrics: [...metrics], unit: read.unit, points: read.points }
}

const ALLOWED = 'Allowed are + - * / ** with parentheses, and functions.'

/** Parses a stored formula; null if it is no longer valid. */
export function storedFormula(text: string): Formula | null {
  try {
    // The metrics were checked when the formula was added; here any name is accepted as a metric.
    return readFormula(text, namesIn(text))
  } catch (error) {
    if (error instanceof FormulaError) return null
    throw error
  }
}

/** Every name in a formula that could be a metric. */
const namesIn = (text: string): string[] => [
  ...[...text.matchAll(/"([^"]*)"/g)].map(([, name]) => name!),
  ...[...text.matchAll(/[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/g)].map(([name]) => name.replaceAll('.', '/')),
]
