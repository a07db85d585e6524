import type { Dataset } from '../contract/datasets.js'
import type { Part } from './layout.js'

/** Receives the data that a reader reads, piece by piece. */
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
  /** Adds a note for the user: what was missing, skipped or converted. */
  note(text: string): void
  /** Adds a sentence on how ambiguous files were interpreted. */
  assume(text: string): void
  /** The files that are missing of a data set of which all are known, and what that takes from it. */
  incomplete(missing: string, without?: string): void
  /** Reports a file that is not part of the data set. */
  skip(file: string, why: string): void
  /** Reports images that were resized or converted in colour. */
  converted(what: { resized?: number; recoloured?: number }): void
  /** Reports the fraction read, 0..1. */
  progress(done: number, message: string): void
}
