import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What a build depends on: files, and folders with everything below. */
const SOURCES = ['src-main', 'src-renderer', 'resources', 'electron.vite.config.ts', 'tsconfig.json', 'package.json', 'package-lock.json']

/**
 * A value that changes whenever a source is written, added, removed or renamed. Looks at names, sizes and times only, which takes a few
 * milliseconds, because every start asks for it.
 * @param {string} root the checkout
 * @returns {string}
 */
export function sourceSignature(root) {
  const hash = createHash('sha256')
  /** @param {string} path */
  const add = (path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false })
    if (stat === undefined) return
    if (stat.isDirectory()) for (const name of readdirSync(join(root, path)).sort()) add(`${path}/${name}`)
    else hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`)
  }
  SOURCES.forEach(add)
  return hash.digest('hex')
}
