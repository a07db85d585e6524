import { readingLabel } from '../../src-main/contract/metrics.js'
import { axisTitle } from '../charts/axis-title.js'
import { metricUnit } from '../charts/sections.js'
import { figureColumns, intervalOfRow, leadingRows, runsOf, untrustedOf, UNTRUSTED_RULE, type FigureRow } from './figures.js'
import { LEADERS_RULE, LEAST_RUNS, NOTHING_COMPARED } from './significance.js'
import type { Leaf } from '../../src-main/contract/flat-config.js'
import type { Sample } from '../../src-main/contract/sample.js'
import { escapeLatex, lettersNote } from '../charts/export/latex-text.js'

const number = (value: number, digits: number): string => {
  const size = Math.abs(value)
  if (value !== 0 && (size < 1e-3 || size >= 1e6)) {
    const [mantissa, exponent] = value.toExponential(2).split('e') as [string, string]
    return `${mantissa} \\times 10^{${Number(exponent)}}`
  }
  return value.toFixed(digits)
}

interface Look {
  unit: string
  bold: boolean
  /** The number of runs of the row. */
  rowRuns: number
  /** What is written instead of a spread if there is one run. */
  interval: [number, number] | null
}

function entry(sample: Sample | undefined, { unit, bold, rowRuns, interval }: Look): string {
  if (!sample || sample.n === 0) return '--'
  const factor = unit === 'fraction' ? 100 : 1
  const digits = unit === 'fraction' ? 2 : 4
  const plain = number(sample.mean * factor, digits)
  const mean = bold ? `\\mathbf{${plain}}` : plain
  const ends = interval ? `\\;[${interval.map((end) => number(end * factor, digits)).join(', ')}]` : ''
  const spread = sample.n > 1 ? ` \\pm ${number(sample.deviation * factor, digits)}` : ends
  // Shown if some of the runs have no finite value.
  return `$${mean}${spread}$${sample.n === rowRuns ? '' : ` ($n=${sample.n}$)`}`
}

const SPREAD = 'Mean $\\pm$ sample standard deviation over $n$ runs.'
const INTERVALS =
  'Where $n=1$: the accuracy of a single run with, in brackets, the 95\\% Wilson interval of a binomial proportion over the images it was measured on. It does not reflect the variation between seeds.'
const UNTRUSTED_MARK = '$^{\\dagger}$'
const SOME_BOLD = `Nothing is bold in columns with an entry of fewer than ${LEAST_RUNS} runs or without a preferred direction.`

/**
 * A table for a paper: mean and sample standard deviation over the runs of each row, or the accuracy of a single run with its binomial
 * interval. The entries found by `leaders` are bold, which the caption explains, or why there are none. Needs booktabs and graphicx.
 */
export function latexTable(rows: readonly FigureRow[], metrics: readonly string[]): string {
  const columns = figureColumns(metrics)
  const leading = columns.map(({ key, kind }) => leadingRows(rows, key, kind))
  const compared = leading.filter((found) => found !== null).length
  const head = ['Run', '$n$', ...columns.map(({ key, kind }) => escapeLatex(axisTitle(readingLabel(key, kind), metricUnit(key))))]
  const body = rows.map((row) => {
    const rowRuns = runsOf(row, metrics)
    const cells = columns.map(({ key, kind }, i) =>
      entry(row[kind].get(key), {
        unit: metricUnit(key),
        bold: leading[i]?.has(row.id) ?? false,
        rowRuns,
        interval: intervalOfRow(row, key, kind),
      }),
    )
    return [`${escapeLatex(row.label)}${untrustedOf(row) > 0 ? UNTRUSTED_MARK : ''}`, String(rowRuns), ...cells].join(' & ')
  })
  const hasIntervals = rows.some((row) => columns.some(({ key, kind }) => intervalOfRow(row, key, kind)))
  const untrusted = rows.some((row) => untrustedOf(row) > 0) ? [`${UNTRUSTED_MARK} ${escapeLatex(UNTRUSTED_RULE)}`] : []
  const bold = compared === 0 ? [NOTHING_COMPARED] : compared < columns.length ? [LEADERS_RULE, SOME_BOLD] : [LEADERS_RULE]
  const caption = [SPREAD, ...(hasIntervals ? [INTERVALS] : []), ...bold.map(escapeLatex), ...untrusted].join(' ')
  return table({ head, body, columns: `l${'r'.repeat(columns.length + 1)}`, caption })
}

/**
 * The keys in which configurations differ as a table for a paper: one row per key and one column per run; without differences, only the
 * names of the runs. Needs booktabs and graphicx.
 */
export function configurationsTable(names: readonly string[], rows: readonly { name: string; values: readonly Leaf[] }[]): string {
  const head = ['Key', ...names.map(escapeLatex)]
  const body = rows.map(({ name, values }) =>
    [`\\texttt{${escapeLatex(name)}}`, ...values.map((value) => (value === undefined ? '--' : escapeLatex(String(value))))].join(' & '),
  )
  return table({ head, body, columns: `l${'r'.repeat(names.length)}`, caption: 'Hyperparameters in which the runs differ.' })
}

interface TableParts {
  /** Escaped cells. */
  head: readonly string[]
  /** Rows of escaped cells, joined by `&`. */
  body: readonly string[]
  columns: string
  caption: string
}

/** Scaled down to the text width if necessary: a wider table would run off the page without an error. */
const table = ({ head, body, columns, caption }: TableParts): string =>
  [
    '% Needs \\usepackage{booktabs,graphicx}.',
    ...lettersNote([...head, ...body].join('\n')),
    '\\begin{table}',
    '\\centering',
    `\\caption{${caption}}`,
    '\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%',
    `\\begin{tabular}{${columns}}`,
    '\\toprule',
    `${head.join(' & ')} \\\\`,
    '\\midrule',
    ...body.map((line) => `${line} \\\\`),
    '\\bottomrule',
    '\\end{tabular}%',
    '}',
    '\\end{table}',
    '',
  ].join('\n')
