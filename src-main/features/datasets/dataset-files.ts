/** The files of data sets. Every path is absolute. */
export interface DatasetFiles {
  /** The folder that holds one folder per data set. */
  readonly datasets: string
  datasetFolder(name: string): string
  removeDataset(name: string): Promise<void>
  /** Does nothing if it has been done already. */
  renameDataset(from: string, to: string): Promise<void>
}
