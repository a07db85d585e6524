import type { ImageOptions, Mirrored, Readings } from '../contract/datasets.js'
import type { SourceFolder } from './source-folder.js'
import type { PointProblem } from './point-problem.js'
import type { DatasetSink } from './sink.js'

/** What a format found in a folder. */
export interface Found {
  /** Default name of the data set. */
  name: string
  /** Estimate of the bytes that the stored data set takes. */
  bytes: number
  /** The files of the folder that are read: the others are named in the report. Absent where the format names them itself. */
  files?: readonly string[]
  /** Reads everything into the sink; what is missing becomes a note there. Throws UserError naming a damaged file. */
  read(sink: DatasetSink, signal: AbortSignal): Promise<void>
}

/** A way in which data sets come as files. Adding one is adding a file to `formats/`. */
export interface DatasetFormat {
  id: string
  label: string
  /** The files by which it is known, for the message when there are none. */
  files: string
  /** It fits many folders that are not meant, and is tried when no other format does. */
  lastResort?: boolean
  /** What mirrored images of it are, where they are not of the same class. */
  mirrored?: Mirrored
  /**
   * null when the folder does not hold this format.
   * @param images what the user wants of image files, for formats that convert
   * @param readings what the user says of files that can be read in two ways
   * @throws UserError BAD_INPUT that names the option, where they can and the user has not said
   */
  find(folder: SourceFolder, images: ImageOptions, readings: Readings): Promise<Found | null>
}

/** A data set that Retrace makes itself. Adding one is adding a file to `builtins/`. */
export interface BuiltinDataset {
  name: string
  format: string
  /** Where the data or the idea comes from. */
  source: string
  /** Bytes that it takes, about. */
  bytes: number
  /** What mirrored images of it are, where they are not of the same class. */
  mirrored?: Mirrored
  /** Where it is drawn by a seed: what others of its kind are drawn by. */
  problem?: PointProblem
  make(sink: DatasetSink, signal: AbortSignal): Promise<void>
}
