import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../contract/errors.js'
import type { Part } from './layout.js'

const FILE_LIMIT = 2_000_000
const DEPTH_LIMIT = 8
const IMAGE = /\.(png|jpe?g|webp)$/i
const HIDDEN = /^(\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i

const SPLITS: { pattern: RegExp; split: Split }[] = [
  { pattern: /^(train|training)$/i, split: 'train' },
  { pattern: /^(val|valid|validation|dev)$/i, split: 'validation' },
  { pattern: /^(test|testing)$/i, split: 'test' },
  { pattern: /^(unlabell?ed|extra)$/i, split: 'unlabelled' },
]
type Split = Part | 'validation'

export interface ImageFile {
  /** Relative to the folder, with slashes. */
  path: string
  /** Index into `classNames`; null for the unlabelled part. */
  label: number | null
}

/** The image files of a folder a class, in the order of their paths. */
export interface ImageTree {
  classNames: string[]
  files: Record<Part, ImageFile[]>
  /** What is not part of the data set. */
  skipped: { path: string; why: string }[]
  /** How folders were understood, where that is not plain. */
  notes: string[]
}

/** Names of folders and files, as the file system gives them. */
interface Folder {
  folders: Map<string, Folder>
  files: string[]
  links: string[]
}

/**
 * Understands CLASS/IMAGE or SPLIT/CLASS/IMAGE (split: train, val, test, unlabelled), images lying at any depth below their class.
 * Validation images are the test part where there is no other, and training images where there is: a run draws its own
 * validation part. Labels follow the names of the classes in code point order.
 * @returns null when the folder holds no such thing
 * @throws UserError BAD_INPUT when there are more files than a data set can have
 */
export async function readImageTree(root: string): Promise<ImageTree | null> {
  const whole = await list(root, 0, { files: 0 })
  const splits = new Map<Split, { name: string; folder: Folder }>()
  for (const [name, folder] of whole.folders) {
    const split = SPLITS.find(({ pattern }) => pattern.test(name))?.split
    if (split && !splits.has(split)) splits.set(split, { name, folder })
  }
  const train = splits.get('train')
  const tree: ImageTree = { classNames: [], files: { train: [], test: [], unlabelled: [] }, skipped: [], notes: [] }
  if (!train) {
    tree.classNames = classesOf(whole)
    if (tree.classNames.length < 2) return null
    collect(tree, whole, '', 'train')
    return tree
  }
  tree.classNames = classesOf(train.folder)
  if (tree.classNames.length < 2) return null
  for (const name of whole.files) tree.skipped.push({ path: name, why: NOT_AN_IMAGE })
  for (const [name, folder] of whole.folders)
    if (![...splits.values()].some((split) => split.name === name))
      for (const path of everyFile(folder, name)) tree.skipped.push({ path, why: 'outside of the folders train, val, test and unlabelled' })
  for (const [split, { name, folder }] of splits) {
    const prefix = `${name}/`
    if (split === 'unlabelled') collectUnlabelled(tree, folder, prefix)
    else if (split === 'train') collect(tree, folder, prefix, 'train')
    else if (!classesOf(folder).some((found) => tree.classNames.includes(found))) {
      const images = everyFile(folder, name).filter((path) => IMAGE.test(path))
      if (!images.length) continue
      collectUnlabelled(tree, folder, prefix)
      tree.notes.push(`${name}/ has no folder of a known class: its ${images.length} images are kept as the unlabelled part`)
    } else if (split === 'validation' && splits.has('test')) {
      const before = tree.files.train.length
      collect(tree, folder, prefix, 'train')
      tree.notes.push(
        `the ${tree.files.train.length - before} images of ${name}/ were added to the training part, from which runs draw their validation part`,
      )
    } else {
      collect(tree, folder, prefix, 'test')
      if (split === 'validation') tree.notes.push(`the images of ${name}/ are the test part`)
    }
  }
  for (const files of Object.values(tree.files)) files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return tree
}

const NOT_AN_IMAGE = 'not a .png, .jpg, .jpeg or .webp file'

async function list(path: string, depth: number, seen: { files: number }): Promise<Folder> {
  const found: Folder = { folders: new Map(), files: [], links: [] }
  const entries = (await readdir(path, { withFileTypes: true })).filter(({ name }) => !HIDDEN.test(name))
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    if (++seen.files > FILE_LIMIT)
      throw new UserError('BAD_INPUT', `${path} and its neighbours hold more than ${FILE_LIMIT} files: import a part of them.`)
    const inside = join(path, entry.name)
    if (entry.isDirectory()) {
      if (depth < DEPTH_LIMIT) found.folders.set(entry.name, await list(inside, depth + 1, seen))
      else found.links.push(entry.name)
    } else if (entry.isFile()) found.files.push(entry.name)
    // A link to a file is how data sets are often kept; one to a folder may lead back up.
    else if (entry.isSymbolicLink() && (await stat(inside).catch(() => null))?.isFile()) found.files.push(entry.name)
    else found.links.push(entry.name)
  }
  return found
}

const hasImages = (folder: Folder): boolean => folder.files.some((name) => IMAGE.test(name)) || [...folder.folders.values()].some(hasImages)

const classesOf = (folder: Folder): string[] => [...folder.folders].filter(([, inner]) => hasImages(inner)).map(([name]) => name)

function* walk(folder: Folder, prefix: string): Generator<{ path: string; file: boolean }> {
  for (const name of folder.files) yield { path: prefix + name, file: true }
  for (const name of folder.links) yield { path: prefix + name, file: false }
  for (const [name, inner] of folder.folders) yield* walk(inner, `${prefix}${name}/`)
}

const everyFile = (folder: Folder, name: string): string[] => [...walk(folder, `${name}/`)].map(({ path }) => path)

function collect(tree: ImageTree, folder: Folder, prefix: string, part: 'train' | 'test'): void {
  for (const name of [...folder.files, ...folder.links])
    tree.skipped.push({ path: prefix + name, why: IMAGE.test(name) ? 'in no folder of a class' : NOT_AN_IMAGE })
  const labels = new Map(tree.classNames.map((name, label) => [name, label]))
  for (const [name, inner] of folder.folders) {
    const label = labels.get(name)
    for (const { path, file } of walk(inner, `${prefix}${name}/`))
      if (!file) tree.skipped.push({ path, why: 'neither a file nor a folder, or too deep' })
      else if (!IMAGE.test(path)) tree.skipped.push({ path, why: NOT_AN_IMAGE })
      else if (label === undefined) tree.skipped.push({ path, why: 'of a class that has no training images' })
      else tree.files[part].push({ path, label })
  }
}

function collectUnlabelled(tree: ImageTree, folder: Folder, prefix: string): void {
  for (const { path, file } of walk(folder, prefix))
    if (file && IMAGE.test(path)) tree.files.unlabelled.push({ path, label: null })
    else tree.skipped.push({ path, why: NOT_AN_IMAGE })
}
