import { optionSchema } from '../../src-main/contract/architecture-options.js'
import type { DiagnosticInfo, LabEntry, LabOptions } from '../../src-main/contract/lab.js'
import { formatCount, formatDateTime } from '../ui/format.js'

/** The options that differ from their defaults, by their labels. */
export const otherOptions = (known: DiagnosticInfo['options'], asked: LabOptions): string[] =>
  Object.entries(asked).flatMap(([key, value]) => {
    const description = known[key]
    return description && optionSchema(description).parse(undefined) === value
      ? []
      : [`${description?.field?.label ?? key} ${String(value)}`]
  })

/** The title of a stored result among others of the same diagnostic. */
export const storedTitle = (known: DiagnosticInfo['options'], { step, at, options }: LabEntry): string =>
  [`step ${formatCount(step)}`, ...otherOptions(known, options), formatDateTime(at)].join(' · ')
