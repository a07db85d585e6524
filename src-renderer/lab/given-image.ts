import { toBase64 } from '../../src-main/contract/base64.js'
import { MOST_SENT, type GivenImage } from '../../src-main/contract/predictions.js'
import { placeOf, upload } from '../datasets/dropped.js'
import { BRIDGE } from '../../src-main/contract/bridge.js'

/** An image that can be used in requests until it is discarded. */
export interface ImageSource {
  /** The name of its file. */
  name: string
  image: GivenImage
  discard(): Promise<void>
}

const nothing = async (): Promise<void> => undefined

/**
 * Makes a file of the window accessible to the back end: small files are sent with the request, for others their path is sent, and if the
 * browser does not reveal it, they are uploaded.
 * @throws Error with the server's message
 */
export async function imageSource(file: File): Promise<ImageSource> {
  const { name } = file
  if (file.size * (4 / 3) + 4 <= MOST_SENT)
    return { name, image: { bytes: toBase64(new Uint8Array(await file.arrayBuffer())) }, discard: nothing }
  const path = placeOf(file)
  if (path !== null) return { name, image: { path }, discard: nothing }
  if (BRIDGE in window) throw new Error('The pasted image is too large. Save it as a file and choose that file.')
  const { path: uploaded, discard } = await upload([{ path: file.name || 'image', file }], {
    onProgress: () => undefined,
    signal: new AbortController().signal,
  })
  return { name, image: { path: uploaded }, discard }
}

/** The first image in dropped or pasted data. */
export const imageIn = (transfer: DataTransfer | null): File | null =>
  [...(transfer?.files ?? [])].find(({ type }) => type.startsWith('image/')) ?? null
