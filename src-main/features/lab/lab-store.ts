import type { LabEntry, LabFindings, LabResult } from '../../contract/lab.js'

/** What a list says of a result. */
export const entryOf = ({
  diagnostic,
  title,
  options,
  seconds,
}: LabResult): Pick<LabEntry, 'diagnostic' | 'title' | 'options' | 'seconds'> => ({
  diagnostic,
  title,
  options,
  seconds,
})

export interface LabStore {
  /** Replaces an earlier result of the same checkpoint, diagnostic and options; answers it with its number. */
  put(entry: Omit<LabEntry, 'number'>, result: LabResult): LabEntry
  get(number: number): LabResult | undefined
  /** What the newest result of a diagnostic has found of the latest checkpoint that it has looked at; null where there is none. */
  findingsOf(runId: string, diagnostic: string): LabFindings | null
  /** Newest first. */
  list(runId: string): LabEntry[]
  /** Discards those of checkpoints of steps above this one. */
  truncateAfter(runId: string, step: number): void
}
