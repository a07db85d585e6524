import type { Dataset } from '../contract/datasets.js'
import type { Part } from './layout.js'

/** Receives the data from a reader, in chunks. */
export interface DatasetSink {
  /** Called once, before anything is written. */
  begin(description: Pick<Dataset, 'kind' | 'image' | 'classNames'>): void
  /**
   * Appends complete images (uint8, channels last) or points (float32) with their labels; the caller may reuse the arrays afterwards.
   * @param labels null for the unlabelled part
   * @param from the source file, for messages
   * @throws UserError BAD_INPUT for a label without a class
   */
  write(part: Part, values: Uint8Array | Float32Array, labels: ArrayLike<number> | null, from: string): Promise<void>
  /** Adds a note for the user: what was missing, skipped or converted. */
  note(text: string): void
  /** Adds a sentence on how ambiguous files were interpreted. */
  assume(text: string): void
  /** Reports missing files of a known data set, and the consequence for it. */
  incomplete(missing: string, without?: string): void
  /** Reports a file that is not part of the data set. */
  skip(file: string, why: string): void
  /** Reports images that were resized or converted in colour. */
  converted(what: { resized?: number; recoloured?: number }): void
  /** Reports the fraction read, 0..1. */
  progress(done: number, message: string): void
}
