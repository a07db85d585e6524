import type { LabEntry, LabFindings, LabResult } from '../../contract/lab.js'

/** The list entry of a result. */
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
  /** Replaces an earlier result with the same checkpoint, diagnostic and options; returns it with its number. */
  put(entry: Omit<LabEntry, 'number'>, result: LabResult): LabEntry
  get(number: number): LabResult | undefined
  /** The newest result of a diagnostic for the latest checkpoint that it was run on; null if there is none. */
  findingsOf(runId: string, diagnostic: string): LabFindings | null
  /** Newest first. */
  list(runId: string): LabEntry[]
  /** Discards results of checkpoints after this step. */
  truncateAfter(runId: string, step: number): void
}
