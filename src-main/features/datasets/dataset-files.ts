/** The files of data sets. Every path is absolute. */
export interface DatasetFiles {
  /** Holds a folder a data set. */
  readonly datasets: string
  datasetFolder(name: string): string
  removeDataset(name: string): Promise<void>
  /** Does nothing where it was done already. */
  renameDataset(from: string, to: string): Promise<void>
}
