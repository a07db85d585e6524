import type { Examples } from '../../contract/examples.js'
import type { StudyDetail } from '../../contract/studies.js'

/** A study from a file of `study export`, with its cells. */
export type ExportedStudy = Pick<StudyDetail, 'study' | 'cells'>

/** The examples that come with the program. */
export interface ExampleFiles {
  /** @throws UserError UNAVAILABLE if this installation has none */
  list(): Promise<Examples>
  /** Absolute path of the archive of a run. */
  path(file: string): string
  readStudy(file: string): Promise<ExportedStudy>
}
