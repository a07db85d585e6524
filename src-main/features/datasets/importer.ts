import type { Dataset, ImportDataset, ImportEstimate, MakeDataset, PointKind } from '../../contract/datasets.js'

export interface ImportOptions {
  /** Holds a folder a data set; the importer makes `into/NAME`, whole or not at all. */
  into: string
  /** 0..1, or null when unknown. */
  onProgress(progress: number | null, message: string): void
  signal: AbortSignal
}

/** Reads and keeps the files of data sets. */
export interface DatasetImporter {
  /** Names of the data sets that can be made from what Retrace brings along. */
  builtins(): readonly string[]
  ensureBuiltin(name: string, options: ImportOptions): Promise<Dataset>
  /** @throws UserError CONFLICT when `into` has one of that name */
  import(request: ImportDataset, options: ImportOptions): Promise<Dataset>
  /** What that would take, without storing anything. */
  estimate(request: ImportDataset, options: Pick<ImportOptions, 'into'>): Promise<ImportEstimate>
  /** Kinds of points that can be drawn by a seed. */
  kinds(): readonly PointKind[]
  /** @throws UserError CONFLICT when `into` has one of that name */
  make(request: MakeDataset, options: ImportOptions): Promise<Dataset>
  /** Writes another name into the description that a stored folder carries. */
  rename(folder: string, name: string): Promise<void>
  /** The description that a stored folder carries. */
  read(folder: string): Promise<Dataset>
  /** Gives a stored data set that has an earlier version of the hash the present one. @throws UserError */
  renewHash(folder: string): Promise<Dataset>
  /** @throws when the signal ends it */
  verify(
    folder: string,
    expected: Dataset,
    options?: Partial<Pick<ImportOptions, 'onProgress' | 'signal'>>,
  ): Promise<{ ok: boolean; problems: string[] }>
}
