import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Entry, ZipFile } from 'yauzl'
import { isUserError, UserError } from '../contract/errors.js'
import { ArchiveTally, explainArchive, sameTwice, type ArchiveLimits } from './archive-limits.js'
import { ByteReader } from './byte-reader.js'
import { readNpyHeader, type NpyHeader } from './npy.js'
import { openZip } from './zip.js'

const ENTRY_LIMIT = 1000

/** The arrays of a .npz file, read as streams. Nothing in it is executed: arrays of objects are rejected. */
export class NpzFile {
  private constructor(
    readonly name: string,
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
    /** Files in it that are not arrays. */
    readonly others: readonly string[],
  ) {}

  /** @throws UserError BAD_INPUT when it is not a readable zip, contains an array twice, or exceeds the unpacking limits */
  static async open(path: string, limits: Partial<ArchiveLimits> = {}): Promise<NpzFile> {
    const name = basename(path)
    let zip: ZipFile | undefined
    try {
      zip = await openZip(path)
      const tally = new ArchiveTally(name, (await stat(path)).size, { entries: ENTRY_LIMIT, ...limits })
      const entries = new Map<string, Entry>()
      const others: string[] = []
      for await (const entry of zip.eachEntry()) {
        tally.entry(entry.uncompressedSize, entry.compressedSize)
        if (!entry.fileName.endsWith('.npy')) {
          others.push(entry.fileName)
          continue
        }
        if (!entry.canDecodeFileData())
          throw new UserError(
            'BAD_INPUT',
            `Cannot read ${entry.fileName} in ${name}: it is encrypted or not compressed with deflate. Save it again with np.savez.`,
          )
        const array = entry.fileName.slice(0, -4)
        if (entries.has(array)) throw sameTwice(name)
        entries.set(array, entry)
      }
      return new NpzFile(name, zip, entries, others)
    } catch (error) {
      zip?.close()
      if (isUserError(error)) throw error
      throw new UserError(
        'BAD_INPUT',
        `Cannot open ${name}: it is not a NumPy archive, or it is damaged. Export it with np.savez and import it again.`,
        { cause: error },
      )
    }
  }

  /** Names of the arrays. */
  get names(): string[] {
    return [...this.entries.keys()]
  }

  /** Shape and type of an array. */
  async header(name: string): Promise<NpyHeader> {
    const { header, reader } = await this.reader(name)
    reader.close()
    return header
  }

  /** An array's header, with a reader positioned after it. The caller closes the reader. */
  async reader(name: string): Promise<{ header: NpyHeader; reader: ByteReader }> {
    const entry = this.entries.get(name)
    if (!entry) throw new Error(`${this.name} has no array ${name}`)
    const stream = await this.zip.openReadStreamPromise(entry).catch((error: unknown) => {
      throw this.explain(error)
    })
    const label = `${name} of ${this.name}`
    const reader = new ByteReader(label, this.explained(stream), () => void stream.destroy())
    try {
      const header = await readNpyHeader(reader, label)
      if (header.length * header.itemBytes > entry.uncompressedSize)
        throw new UserError('BAD_INPUT', `${label} is damaged: it is shorter than its shape requires. Save it again.`)
      return { header, reader }
    } catch (error) {
      reader.close()
      throw error
    }
  }

  /** Converts errors that the zip's streams report only during reading to messages for users. */
  private explain(error: unknown): unknown {
    return isUserError(error) ? error : explainArchive([error], this.name)
  }

  private async *explained(chunks: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of chunks) yield chunk as Buffer
    } catch (error) {
      throw this.explain(error)
    }
  }

  close(): void {
    this.zip.close()
  }
}
