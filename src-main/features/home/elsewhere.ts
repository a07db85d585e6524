import { obstacleOf } from '../../contract/errors.js'
import type { Changes } from './changes.js'
import type { HomeDisk, UnfinishedFiles } from './home-disk.js'
import type { SettingsStore } from './settings.js'

/** Absolute paths of the files that are being written outside of the home. */
const KEY = 'unfinished.elsewhere'

/**
 * Files that are written to locations chosen by the user. Each is recorded while it is being written, so that what a killed host left there
 * can be listed and removed, although it is not in the home.
 */
export class Elsewhere {
  private readonly writing = new Map<string, number>()

  constructor(private readonly ports: { changes: Changes; settings: SettingsStore; disk: HomeDisk }) {}

  /** Runs the work that writes the file. */
  async noting<T>(path: string, work: () => Promise<T>): Promise<T> {
    const before = this.writing.get(path) ?? 0
    this.writing.set(path, before + 1)
    this.keep([...this.noted(), path])
    try {
      return await work()
    } finally {
      const left = (this.writing.get(path) ?? 1) - 1
      if (left > 0) this.writing.set(path, left)
      else {
        this.writing.delete(path)
        this.keep(this.noted().filter((each) => each !== path))
      }
    }
  }

  /** Unfinished files next to the recorded ones. Records without any are dropped. */
  async unfinished(): Promise<UnfinishedFiles[]> {
    const found = await Promise.all(this.noted().map(async (path) => ({ path, files: await this.ports.disk.unfinishedBeside(path) })))
    const empty = new Set(found.filter(({ path, files }) => files.length === 0 && !this.writing.has(path)).map(({ path }) => path))
    if (empty.size > 0) this.keep(this.noted().filter((path) => !empty.has(path)))
    return found.flatMap(({ files }) => files)
  }

  private noted(): string[] {
    const stored = this.ports.settings.get(KEY)
    return Array.isArray(stored) ? stored.filter((path) => typeof path === 'string') : []
  }

  private keep(paths: readonly string[]): void {
    try {
      this.ports.changes.commit(() => this.ports.settings.set(KEY, [...new Set(paths)]))
    } catch (error) {
      // If the disk of the home is full, the file can still be written to another disk; however, what a kill leaves there would not be
      // listed.
      if (obstacleOf(error) === null) throw error
    }
  }
}
