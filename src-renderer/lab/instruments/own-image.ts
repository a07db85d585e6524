import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { LabTargetInput } from '../../../src-main/contract/lab.js'
import { FITS } from '../../../src-main/contract/datasets.js'
import type { Fit, FittedImage } from '../../../src-main/contract/predictions.js'
import { useConnection } from '../../home/api.js'
import { messageOf } from '../../home/errors.js'
import { useChoiceQuery } from '../../ui/address/query-ref.js'
import type { ImageSource } from '../given-image.js'

export interface OwnImage {
  source: ShallowRef<ImageSource | null>
  fit: Ref<Fit>
  /** The image as input of the network; null if there is none. */
  fitted: ShallowRef<FittedImage | null>
  /** Why it cannot be used, as a sentence. */
  problem: Ref<string | null>
  busy: Ref<boolean>
}

/**
 * An image of the user, fitted to the shape of a network's data set. It is decoded once, and its few pixels are sent with every request.
 * @param target null if the network takes no images
 */
export function useOwnImage(target: () => LabTargetInput | null): OwnImage {
  const { client } = useConnection()
  const source = shallowRef<ImageSource | null>(null)
  const fit = useChoiceQuery<Fit>('fit', FITS)
  const fitted = shallowRef<FittedImage | null>(null)
  const problem = ref<string | null>(null)
  const busy = ref(false)
  /** Incremented with each request, so that earlier answers are recognised as outdated. */
  let round = 0

  // Another checkpoint of the run has the same input shape; another network may not.
  const place = (): string => {
    const now = target()
    return now === null || now.kind === 'run' ? JSON.stringify(now && { id: now.id }) : JSON.stringify(now.network.dataset)
  }
  watch([source, fit, place], async () => {
    const [mine, now] = [++round, target()]
    fitted.value = null
    problem.value = null
    busy.value = false
    if (!source.value || !now) return
    busy.value = true
    try {
      const found = await client.lab.fitImage.query({ target: now, image: source.value.image, fit: fit.value })
      if (mine === round) fitted.value = found
    } catch (error) {
      if (mine === round) problem.value = messageOf(error)
    } finally {
      if (mine === round) busy.value = false
    }
  })
  return { source, fit, fitted, problem, busy }
}
