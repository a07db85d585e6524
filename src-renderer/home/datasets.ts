import { defineStore } from 'pinia'
import { computed, ref, shallowReactive } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import type { Dataset, ImportDataset, MakeDataset } from '../../src-main/contract/datasets.js'
import { useConnection } from './api.js'
import { useFeed } from './feed.js'
import { useNotices } from './notices.js'

/** The imported data sets. */
export const useDatasets = defineStore('datasets', () => {
  const { client } = useConnection()
  const feed = useFeed()
  const notices = useNotices()
  const byName = shallowReactive(new Map<string, Dataset>())
  const loaded = ref(false)
  // The list has no sequence number; changes that arrive while it loads are applied on top, which is correct because each change is
  // complete.
  let meanwhile: Change[] | null = null

  const apply = (change: Change): void => {
    if (change.kind === 'dataset') byName.set(change.dataset.name, change.dataset)
    else if (change.kind === 'datasetRemoved') byName.delete(change.name)
  }

  feed.listen((_seq, change) => {
    if (change.kind === 'reset') void load()
    else {
      meanwhile?.push(change)
      apply(change)
    }
  })

  async function load(): Promise<void> {
    meanwhile = []
    const list = await feed.ask(() => client.datasets.list.query())
    byName.clear()
    for (const dataset of list) byName.set(dataset.name, dataset)
    for (const change of meanwhile ?? []) apply(change)
    meanwhile = null
    loaded.value = true
  }

  async function rename(name: string, to: string): Promise<Dataset> {
    const renamed = await client.datasets.rename.mutate({ name, to })
    notices.changed(`Renamed ${name} to ${to}.`, () => client.datasets.rename.mutate({ name: to, to: name }))
    return renamed
  }

  const rows = computed(() => [...byName.values()].sort((a, b) => a.name.localeCompare(b.name)))

  /** What the samples of a data set are called; images if the data set is unknown. */
  const samplesOf = (name: string): 'images' | 'points' => byName.get(name)?.kind ?? 'images'

  return {
    byName,
    samplesOf,
    rows,
    loaded,
    load,
    importFrom: (request: ImportDataset & { taskId: string }) => client.datasets.import.mutate(request),
    estimate: (request: ImportDataset) => client.datasets.estimate.query(request),
    kinds: () => client.datasets.kinds.query(),
    make: (request: MakeDataset) => client.datasets.make.mutate(request),
    rename,
    cancelTask: (taskId: string) => client.datasets.cancelTask.mutate({ taskId }),
    verify: (request: { name: string; taskId: string }) => client.datasets.verify.mutate(request),
    remove: (name: string) => client.datasets.remove.mutate({ name }),
  }
})
