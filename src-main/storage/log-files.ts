import { closeSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { explainDiskError } from './disk-errors.js'
import type { LogFiles } from '../features/runs/logged/log-files.js'

/** The folder of a home to which other programs log. */
export const logFolder = (home: string): string => join(home, 'log')

/** The files `log/*.jsonl` of a home; links and other entries of the folder are ignored. */
export function openLogFiles(home: string): LogFiles {
  const folder = logFolder(home)
  return {
    list(limit) {
      let names: string[]
      try {
        names = readdirSync(folder)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { files: [], more: false }
        throw explainDiskError(error, folder)
      }
      const logs = names.filter((name) => name.endsWith('.jsonl')).sort()
      const files = logs.slice(0, limit).flatMap((name) => {
        const found = lstatSync(join(folder, name), { throwIfNoEntry: false })
        return found?.isFile() ? [{ name, bytes: found.size, modified: found.mtimeMs }] : []
      })
      return { files, more: logs.length > limit }
    },
    read(name, offset, length) {
      const path = join(folder, name)
      let file: number | undefined
      try {
        file = openSync(path, 'r')
        const bytes = new Uint8Array(length)
        let read = 0
        while (read < length) {
          const more = readSync(file, bytes, read, length - read, offset + read)
          if (more === 0) break
          read += more
        }
        return bytes.subarray(0, read)
      } catch (error) {
        throw explainDiskError(error, path)
      } finally {
        if (file !== undefined) closeSync(file)
      }
    },
  }
}
