import { BRIDGE, type RetraceBridge } from '../../src-main/contract/bridge.js'
import { keyHeader } from '../home/client/tab-key.js'

/** A dropped file, with its path relative to the dropped folder. */
export interface DroppedFile {
  path: string
  file: File
}

/** Number of files that are uploaded concurrently. */
const AT_ONCE = 4

/** The path of a dropped file or folder; null in a browser, which does not reveal it. */
export function placeOf(file: File): string | null {
  const bridge = (window as unknown as Record<string, RetraceBridge | undefined>)[BRIDGE]
  return bridge?.pathOf(file) || null
}

/** Every dropped file, including those in folders. Must be called during the event. */
export async function droppedFiles(transfer: DataTransfer): Promise<DroppedFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  // Not every drop has entries: a simulated one has only files.
  if (!entries.length) return [...transfer.files].map((file) => ({ path: file.name, file }))
  const files: DroppedFile[] = []
  for (const entry of entries) await collect(entry, '', files)
  return files
}

async function collect(entry: FileSystemEntry, prefix: string, files: DroppedFile[]): Promise<void> {
  const path = `${prefix}${entry.name}`
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    files.push({ path, file })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // A folder is read in batches, the last of which is empty.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (!some.length) return
    for (const each of some) await collect(each, `${path}/`, files)
  }
}

/** An upload, which is stored on the server's machine until it is discarded. */
export interface Upload {
  /** The path to import. */
  path: string
  /** The name of the dropped file or folder. */
  name: string
  discard(): Promise<void>
}

/**
 * Uploads files to the local server.
 * @param onProgress fraction of the bytes that have been sent, 0 to 1
 * @throws Error with the server's message, or the signal's reason
 */
export async function upload(
  files: readonly DroppedFile[],
  { onProgress, signal }: { onProgress(done: number): void; signal: AbortSignal },
): Promise<Upload> {
  const id = crypto.randomUUID()
  const discard = async (): Promise<void> => {
    // If the server has ended, the upload has been deleted with it.
    await fetch(`/uploads/${id}`, { method: 'DELETE', headers: keyHeader() }).catch(() => undefined)
  }
  const total = files.reduce((sum, { file }) => sum + file.size, 0) || 1
  const sent = files.map(() => 0)
  let [next, done, folder] = [0, 0, '']
  const work = async (): Promise<void> => {
    while (next < files.length) {
      signal.throwIfAborted()
      const at = next++
      folder = await put(id, files[at]!, signal, (bytes) => {
        done += bytes - sent[at]!
        sent[at] = bytes
        onProgress(Math.min(1, done / total))
      })
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    // A single file or folder is imported as such; several are imported as one folder.
    const roots = new Set(files.map(({ path }) => path.split('/')[0]!))
    const [name = 'files'] = roots
    return roots.size === 1 ? { path: `${folder}/${name}`, name, discard } : { path: folder, name: `${name} and other files`, discard }
  } catch (error) {
    await discard()
    throw error
  }
}

function put(id: string, { path, file }: DroppedFile, signal: AbortSignal, onSent: (bytes: number) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const abort = (): void => request.abort()
    signal.addEventListener('abort', abort)
    const end = (): void => signal.removeEventListener('abort', abort)
    request.upload.onprogress = ({ loaded }) => onSent(loaded)
    request.onabort = () => (end(), reject(signal.reason as Error))
    request.onerror = () => (end(), reject(new Error(`Could not upload ${path}. Check that the workbench is still running.`)))
    request.onload = () => {
      end()
      const answer = request.response as { folder?: string; message?: string } | null
      if (request.status === 201 && answer?.folder) {
        onSent(file.size)
        resolve(answer.folder)
      } else reject(new Error(answer?.message ?? `The workbench rejected ${path} (status ${request.status}).`))
    }
    request.open('PUT', `/uploads/${id}/${path.split('/').map(encodeURIComponent).join('/')}`)
    for (const [name, value] of Object.entries(keyHeader())) request.setRequestHeader(name, value)
    request.responseType = 'json'
    request.send(file)
  })
}
