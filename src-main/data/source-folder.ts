import { createReadStream } from 'node:fs'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { UserError } from '../contract/errors.js'
import { ArchiveTally, LIMITS, type ArchiveLimits } from './archive-limits.js'
import { ByteReader } from './byte-reader.js'

/** Maximum depth of nested folders that are skipped, and maximum number of adjacent folders that are searched. */
const DEPTH_LIMIT = 8
const FOLDER_LIMIT = 256

/** Files that file managers and version control add. */
export const HIDDEN = /^(\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i

/** The regular files of one folder, as seen by a format. */
export class SourceFolder {
  private constructor(
    readonly path: string,
    private readonly sizes: ReadonlyMap<string, number>,
  ) {}

  static async open(path: string): Promise<SourceFolder> {
    const sizes = new Map<string, number>()
    const entries = await readdir(path, { withFileTypes: true })
    if (entries.length > LIMITS.entries)
      throw new UserError('BAD_INPUT', `${path} has ${entries.length} files, more than the limit of ${LIMITS.entries}. Divide it.`)
    for (const entry of entries) {
      // A pipe or device would block or never end; data sets are often stored as links to files.
      if (!entry.isFile() && !entry.isSymbolicLink()) continue
      const found = await stat(join(path, entry.name)).catch(() => null)
      if (found?.isFile()) sizes.set(entry.name, found.size)
    }
    return new SourceFolder(path, sizes)
  }

  /** A file as if it were alone in its folder. */
  static async single(path: string): Promise<SourceFolder> {
    return new SourceFolder(dirname(path), new Map([[basename(path), (await stat(path)).size]]))
  }

  /**
   * The folder and its direct subfolders: archives have one more level, and users choose either. A folder that contains only one other
   * folder is skipped. A single file is treated as alone.
   * @returns also the number of folders that were not searched because there are too many
   */
  static async candidates(path: string): Promise<{ folders: SourceFolder[]; beyond: number }> {
    if (!(await stat(path)).isDirectory()) return { folders: [await SourceFolder.single(path)], beyond: 0 }
    const passed: string[] = []
    for (let folder = path; ;) {
      const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !HIDDEN.test(name))
      const inner = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name)).sort() // prettier-ignore
      passed.push(folder)
      if (entries.length !== 1 || inner.length !== 1 || passed.length > DEPTH_LIMIT)
        return {
          folders: await Promise.all([...passed, ...inner.slice(0, FOLDER_LIMIT)].map((each) => SourceFolder.open(each))),
          beyond: Math.max(0, inner.length - FOLDER_LIMIT),
        }
      folder = inner[0]!
    }
  }

  get name(): string {
    return basename(this.path)
  }

  /** File names in sorted order. */
  get names(): string[] {
    return [...this.sizes.keys()].sort()
  }

  has(name: string): boolean {
    return this.sizes.has(name)
  }

  /** Size of a file in bytes; 0 if it does not exist. */
  size(name: string): number {
    return this.sizes.get(name) ?? 0
  }

  /** Size of a file's content after gunzip according to its last four bytes (modulo 4 GiB): only suitable for estimates. */
  async unpackedSize(name: string): Promise<number> {
    if (!name.endsWith('.gz') || this.size(name) < 18) return this.size(name)
    const handle = await open(join(this.path, name), 'r')
    try {
      const trailer = Buffer.alloc(4)
      await handle.read(trailer, 0, 4, this.size(name) - 4)
      return trailer.readUInt32LE(0)
    } finally {
      await handle.close()
    }
  }

  /** @throws UserError BAD_INPUT when the file is larger than any of its kind */
  async readWhole(name: string, limit: number): Promise<Buffer> {
    if (this.size(name) > limit)
      throw new UserError('BAD_INPUT', `${name} has ${this.size(name)} bytes, more than a file of its kind can have. Get it again.`)
    return readFile(join(this.path, name))
  }

  /** The nonempty lines of a small text file. */
  async readLines(name: string): Promise<string[]> {
    const text = (await this.readWhole(name, 2 ** 20)).toString('utf8')
    return text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean) // prettier-ignore
  }

  /**
   * A file's bytes in order, unpacked if its name ends in .gz. The caller closes it. Reading throws a UserError BAD_INPUT if the unpacked
   * size exceeds the limits.
   */
  reader(name: string, signal: AbortSignal, limits: Partial<ArchiveLimits> = {}): ByteReader {
    const file = createReadStream(join(this.path, name), { highWaterMark: 2 ** 20, signal })
    if (!name.endsWith('.gz')) return new ByteReader(name, file, () => file.destroy())
    const gunzip = createGunzip({ chunkSize: 2 ** 18 })
    file.on('error', (error) => gunzip.destroy(error))
    const tally = new ArchiveTally(name, this.size(name), limits)
    return new ByteReader(
      name,
      tally.watch(file.pipe(gunzip), () => file.bytesRead),
      () => {
        file.destroy()
        gunzip.destroy()
      },
    )
  }
}
