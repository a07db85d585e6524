import { writeFile } from 'node:fs/promises'
import { optionSchema } from '../../contract/architecture-options.js'
import { UserError } from '../../contract/errors.js'
import {
  labCsv,
  LabOptionSchema,
  type Cell,
  type DiagnosticInfo,
  type LabOptions,
  type LabResult,
  type LabTable,
} from '../../contract/lab.js'
import { explainFileError } from '../../data/disk.js'
import { replaceFile } from '../../durable/replace-file.js'
import type { Context } from './context.js'
import { table } from './format.js'
import { parseSetting } from './settings.js'

/** The options given to a diagnostic or a study by `--option key=value`. @throws UserError BAD_INPUT */
export function readOptions(settings: readonly string[]): LabOptions {
  return Object.fromEntries(
    settings.map((text) => {
      const { path, value } = parseSetting(text)
      const parsed = LabOptionSchema.safeParse(value)
      if (path.length !== 1 || !parsed.success)
        throw new UserError(
          'BAD_INPUT',
          `--option ${JSON.stringify(text)}: an option is a number, a word, or true or false, as in --option images=8.`,
        )
      return [path[0]!, parsed.data]
    }),
  )
}

/** The description of a diagnostic or a study template, line by line. */
export function describeInfo({
  title,
  question,
  limits,
  quantities,
  options,
}: Pick<DiagnosticInfo, 'title' | 'question' | 'limits' | 'quantities' | 'options'>): string[] {
  return [
    `${title}: ${question}`,
    limits,
    ...table(
      ['QUANTITY', 'UNIT', 'FORMULA', 'SOURCE'],
      Object.values(quantities).map(({ label, symbol, unit, formula, source }) => [
        symbol ? `${label} (${symbol})` : label,
        unit,
        formula,
        source,
      ]),
    ),
    ...table(
      ['OPTION', 'DEFAULT', 'WHAT IT DOES'],
      Object.entries(options).map(([key, description]) => [
        key,
        String(optionSchema(description).parse(undefined)),
        `${description.field?.label ?? key}. ${description.field?.help ?? ''}`,
      ]),
    ),
  ]
}

const shown = (cell: Cell): string => (typeof cell === 'number' && !Number.isInteger(cell) ? cell.toPrecision(4) : String(cell ?? '-'))

const headed = ({ label, unit }: { label: string; unit: string }): string => (unit ? `${label} [${unit}]` : label)

/** Summary and tables, line by line. */
export const tellFindings = ({ summary, tables }: Pick<LabResult, 'summary' | 'tables'>): string[] => [
  ...summary.map(({ label, unit, value }) => `${headed({ label, unit })}: ${shown(value)}`),
  ...tables.flatMap(({ title: name, columns }) => [
    '',
    name,
    ...table(
      columns.map(headed),
      columns[0]!.values.map((_, row) => columns.map(({ values }) => shown(values[row]!))),
    ),
  ]),
]

/** Writes the first table to the given file, and every other one next to it under its own name. */
export async function writeTables(context: Context, file: string, tables: readonly LabTable[], overwrite = true): Promise<void> {
  if (tables.length === 0) throw new UserError('NOT_FOUND', 'There are no tables yet. Use --json to see the notes.')
  for (const [at, each] of tables.entries()) {
    const path = at === 0 ? file : file.replace(/(\.[^./\\]*)?$/, (ending) => `-${each.key}${ending}`)
    try {
      await replaceFile(path, (temporary) => writeFile(temporary, labCsv(each)), { overwrite })
    } catch (error) {
      throw explainFileError(error, path)
    }
    context.note(`Wrote ${path}.`)
  }
}
