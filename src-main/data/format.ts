import type { ImageOptions, Mirrored, Readings } from '../contract/datasets.js'
import type { SourceFolder } from './source-folder.js'
import type { PointProblem } from './point-problem.js'
import type { DatasetSink } from './sink.js'

/** The result of a format's detection in a folder. */
export interface Found {
  /** Default name of the data set. */
  name: string
  /** Estimated size of the stored data set in bytes. */
  bytes: number
  /** The files in the folder that will be read; the others are listed in the report. Absent if the format lists them itself. */
  files?: readonly string[]
  /** Reads everything into the sink; what is missing becomes a note. Throws a UserError naming a damaged file. */
  read(sink: DatasetSink, signal: AbortSignal): Promise<void>
}

/** A file format of data sets. Adding one means adding a file to `formats/`. */
export interface DatasetFormat {
  id: string
  label: string
  /** The files by which it is recognised, for the message if there are none. */
  files: string
  /** It matches many folders that are not data sets, and is tried only if no other format matches. */
  lastResort?: boolean
  /** Whether mirroring changes the class of an image. */
  mirrored?: Mirrored
  /**
   * null if the folder does not contain this format.
   * @param images the user's options for image files, for formats that convert
   * @param readings the user's choices for ambiguous files
   * @throws UserError BAD_INPUT that names the option if files are ambiguous and the user has not chosen
   */
  find(folder: SourceFolder, images: ImageOptions, readings: Readings): Promise<Found | null>
}

/** A data set that Retrace makes itself. Adding one means adding a file to `builtins/`. */
export interface BuiltinDataset {
  name: string
  format: string
  /** The source of the data or the idea. */
  source: string
  /** Approximate size in bytes. */
  bytes: number
  /** Whether mirroring changes the class of an image. */
  mirrored?: Mirrored
  /** For generated data sets: the problem from which others can be generated with another seed. */
  problem?: PointProblem
  make(sink: DatasetSink, signal: AbortSignal): Promise<void>
}
