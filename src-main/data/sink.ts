import type { Dataset } from '../contract/datasets.js'
import type { Part } from './layout.js'

/** Where a reader puts what it reads, piece by piece. */
export interface DatasetSink {
  /** Called once, before anything is written. */
  begin(description: Pick<Dataset, 'kind' | 'image' | 'classNames'>): void
  /**
   * Appends whole images (uint8, channel last) or points (float32) with their labels; the arrays may be used again afterwards.
   * @param labels null for the unlabelled part
   * @param from the file that they come from, for messages
   * @throws UserError BAD_INPUT for a label without a class
   */
  write(part: Part, values: Uint8Array | Float32Array, labels: ArrayLike<number> | null, from: string): Promise<void>
  /** Something that the user should know about the data: what was missing, skipped or converted. */
  note(text: string): void
  /** A file that is not part of the data set, for the report. */
  skip(file: string, why: string): void
  /** Images whose size or colours were changed, for the report. */
  converted(what: { resized?: number; recoloured?: number }): void
  /** How much was read, 0..1. */
  progress(done: number, message: string): void
}
