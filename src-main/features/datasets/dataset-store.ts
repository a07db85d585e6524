import type { Dataset } from '../../contract/datasets.js'

export interface DatasetStore {
  list(): Dataset[]
  get(name: string): Dataset | undefined
  put(dataset: Dataset): void
  remove(name: string): void
}
