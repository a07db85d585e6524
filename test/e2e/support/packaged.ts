import { cpSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { makeTree } from '../../../src-main/hosts/launcher/package/tree.mjs'
import { ROOT } from '../../../src-main/hosts/launcher/root.mjs'
import { shipOwnBinding } from '../../../src-main/setup/shipped-binding.js'
import { builtWorkbench } from './built.js'

/** A folder that other users can enter. */
export function openFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix))
  process.umask(0o022)
  return folder
}

/**
 * The tree of `npm run package`, from the current build and without Electron.
 * @returns the folder, which the caller removes
 */
export async function packagedTree(): Promise<string> {
  await builtWorkbench()
  const folder = openFolder('retrace-package-')
  const bindings = join(folder, 'bindings')
  mkdirSync(bindings)
  await shipOwnBinding(bindings)
  const tree = join(folder, 'tree')
  await makeTree({ root: ROOT, build: join(ROOT, 'out'), bindings, electron: null, folder: tree })
  return folder
}

/**
 * Adds what a package leaves out because Electron's Node does not need it: the SQLite driver of Node 20, if this is Node 20. Otherwise the
 * tree equals a package.
 */
export function completeForThisNode(tree: string): void {
  if (Number(process.versions.napi) >= 10) return
  for (const name of ['better-sqlite3-node20', 'bindings', 'file-uri-to-path'])
    if (readdirSync(join(ROOT, 'node_modules')).includes(name)) {
      const to = join(tree, 'resources/app/node_modules', name)
      mkdirSync(dirname(to), { recursive: true })
      cpSync(join(ROOT, 'node_modules', name), to, { recursive: true, filter: (path) => !/\/(deps|obj)(\/|$)/.test(path) })
    }
}
