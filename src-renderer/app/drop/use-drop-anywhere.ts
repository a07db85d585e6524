import { useEventListener } from '@vueuse/core'
import { useRouter } from 'vue-router'
import { upload } from '../../datasets/dropped.js'
import { dropOf, usePendingDrop, type Drop } from '../../datasets/pending-drop.js'
import { useConnection } from '../../home/api.js'
import { useNotices } from '../../home/notices.js'

/** Names of run archives, TensorBoard event files, W&B logs, and folders of trackers. */
const OF_RUN = /\.retrace(\.tar\.gz)?$|tfevents|\.wandb$|^(wandb|mlruns)$|^(offline-)?run-\d/i

/** Whether a dropped item with this name contains runs; otherwise it is treated as a data set. */
export const holdsRuns = (name: string): boolean => OF_RUN.test(name)

/**
 * Handles files dropped outside a page's own drop zones: runs are imported, and anything else is offered for import as a data set.
 * Otherwise the browser would leave the workbench and open the file.
 */
export function useDropAnywhere(): void {
  const { client } = useConnection()
  const notices = useNotices()
  const pending = usePendingDrop()
  const router = useRouter()
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false

  useEventListener(window, 'dragover', (event: DragEvent) => {
    if (hasFiles(event) && !event.defaultPrevented) event.preventDefault()
  })
  useEventListener(window, 'drop', (event: DragEvent) => {
    // A drop zone of the page has handled it.
    if (event.defaultPrevented || !hasFiles(event) || !event.dataTransfer) return
    event.preventDefault()
    const name = event.dataTransfer.files[0]?.name ?? ''
    const drop = dropOf(event.dataTransfer)
    if (holdsRuns(name)) void notices.attempt(() => importRuns(drop))
    else {
      pending.drop = drop
      void router.push('/datasets')
    }
  })

  async function importRuns({ place, files }: Drop): Promise<void> {
    const sent = place === null ? await upload(await files, { signal: new AbortController().signal, onProgress: () => undefined }) : null
    try {
      const { runs, refused } = await client.runs.importFolder.mutate({ path: place ?? sent!.path })
      if (refused.length > 0)
        notices.show('error', `${refused.length} of ${runs.length + refused.length} runs were left out. First: ${refused[0]?.message}`)
      notices.show('info', runs.length === 1 ? `Imported the run ${runs[0]!.name}.` : `Imported ${runs.length} runs.`)
      await router.push(runs.length === 1 ? { name: 'run', params: { id: runs[0]!.id } } : '/runs')
    } finally {
      await sent?.discard()
    }
  }
}
