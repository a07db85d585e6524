import type { Dataset, ImportDataset, ImportEstimate, MakeDataset, PointKind } from '../../contract/datasets.js'

export interface ImportOptions {
  /** The folder that holds one folder per data set. The importer creates `into/NAME` completely or not at all. */
  into: string
  /** Called with the completed fraction from 0 to 1, or null when it is unknown. */
  onProgress(progress: number | null, message: string): void
  signal: AbortSignal
}

/** Reads and writes the files of data sets. */
export interface DatasetImporter {
  /** Names of the built-in data sets. */
  builtins(): readonly string[]
  ensureBuiltin(name: string, options: ImportOptions): Promise<Dataset>
  /** @throws UserError CONFLICT when `into` has one of that name */
  import(request: ImportDataset, options: ImportOptions): Promise<Dataset>
  /** Describes what an import would read and how much space it would need, without storing anything. */
  estimate(request: ImportDataset, options: Pick<ImportOptions, 'into'>): Promise<ImportEstimate>
  /** Kinds of points that can be generated from a seed. */
  kinds(): readonly PointKind[]
  /** @throws UserError CONFLICT when `into` has one of that name */
  make(request: MakeDataset, options: ImportOptions): Promise<Dataset>
  /** Changes the name in the description inside a stored folder. */
  rename(folder: string, name: string): Promise<void>
  /** Reads the description inside a stored folder. */
  read(folder: string): Promise<Dataset>
  /** Replaces a hash of an earlier version by the current one. @throws UserError when the data set is damaged */
  renewHash(folder: string): Promise<Dataset>
  /** @throws when it is cancelled */
  verify(
    folder: string,
    expected: Dataset,
    options?: Partial<Pick<ImportOptions, 'onProgress' | 'signal'>>,
  ): Promise<{ ok: boolean; problems: string[] }>
}
