import { readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Readings } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'
import type { Part } from './layout.js'
import { HIDDEN } from './source-folder.js'

const FILE_LIMIT = 2_000_000
const DEPTH_LIMIT = 8
const IMAGE = /\.(png|jpe?g|webp)$/i

const SPLITS: { word: RegExp; split: Split }[] = [
  { word: /^(train|training)$/i, split: 'train' },
  { word: /^(val|valid|validation|dev)$/i, split: 'validation' },
  { word: /^(test|testing)$/i, split: 'test' },
  { word: /^(unlabell?ed|extra)$/i, split: 'unlabelled' },
]
type Split = Part | 'validation'

export interface ImageFile {
  /** Relative to the folder, with slashes. */
  path: string
  /** Index into `classNames`; null for the unlabelled part. */
  label: number | null
}

/** The image files of a folder with one subfolder per class, in the order of their paths. */
export interface ImageTree {
  classNames: string[]
  files: Record<Part, ImageFile[]>
  /** Files that are not part of the data set. */
  skipped: { path: string; why: string }[]
  /** How folders were interpreted: notes for clear cases, assumptions for ambiguous ones. */
  notes: string[]
  assumptions: string[]
}

/** Names of folders and files, as returned by the file system. */
interface Folder {
  folders: Map<string, Folder>
  files: string[]
  links: string[]
  /** Names that are not UTF-8 and cannot be opened, with their bytes replaced. */
  unreadable: string[]
}

/** A folder of a split, after skipping folders that contain only one other folder. */
interface SplitFolder {
  name: string
  /** The folder itself, and the one after skipping folders that contain only one other. */
  outer: Folder
  /** Path of the folder with the classes, ending with a slash. */
  prefix: string
  folder: Folder
  /** Whether its name is exactly that of a split, rather than containing one like `seg_train`. */
  plain: boolean
}

function splitsOf(whole: Folder): Map<Split, SplitFolder[]> {
  const found = new Map<Split, SplitFolder[]>()
  for (const [name, folder] of whole.folders) {
    const split = SPLITS.find(({ word }) => name.split(/[-_. \d]+/).some((part) => word.test(part)))
    if (!split || !hasImages(folder)) continue
    found.set(split.split, [
      ...(found.get(split.split) ?? []),
      { name, outer: folder, ...within(name, folder), plain: split.word.test(name) },
    ])
  }
  return found
}

function within(name: string, folder: Folder): { prefix: string; folder: Folder } {
  let [prefix, inner] = [`${name}/`, folder]
  for (;;) {
    const [only, ...others] = classesOf(inner)
    const next = only === undefined || others.length ? undefined : inner.folders.get(only)
    // A folder with a single class must not be skipped.
    if (!next) return others.length ? { prefix, folder: inner } : { prefix: `${name}/`, folder }
    prefix += `${only}/`
    inner = next
  }
}

/** One folder for each split, and a sentence about ambiguities; null if the folders are classes. */
function chooseSplits(whole: Folder, asked: Readings['folders']): { splits: Map<Split, SplitFolder>; assumption: string | null } | null {
  if (asked === 'classes') return null
  const found = splitsOf(whole)
  const all = [...found.values()].flat()
  const ask = (why: string): UserError =>
    new UserError(
      'BAD_INPUT',
      `${why}. Rename the others, or state what the folders are with --folders splits or --folders classes (in the window: Folders).`,
    )
  const names = (folders: readonly SplitFolder[]): string => folders.map(({ name }) => `${name}/`).join(', ')
  const shared = (a: SplitFolder, b: SplitFolder): boolean => classesOf(a.folder).filter((name) => b.folder.folders.has(name)).length > 1
  const related = all.filter((one) => all.some((other) => other !== one && shared(one, other)))
  const trains = found.get('train') ?? []
  const plain = trains.filter((each) => each.plain && classesOf(each.folder).length > 1)
  const candidates = plain.length ? plain : trains.filter((each) => related.includes(each) || asked === 'splits')
  if (candidates.length > 1) throw ask(`${names(candidates)} all look like training folders`)
  const [train] = candidates
  if (!train) {
    if (related.length) throw ask(`${names(related)} look like splits of one data set, but none of them is the training part`)
    if (asked === 'splits') throw new UserError('BAD_INPUT', 'There is no training folder. Name one train, with a folder per class inside.')
    return null
  }
  const splits = new Map<Split, SplitFolder>()
  for (const [split, folders] of found) {
    const known = split === 'train' ? [train] : folders.some((each) => each.plain) ? folders.filter((each) => each.plain) : folders
    const [one, ...others] = known as [SplitFolder, ...SplitFolder[]]
    if (others.length) throw ask(`${names(known)} all look like the ${split} part`)
    const alone = classesOf(one.outer).some((name) => train.folder.folders.has(name))
    splits.set(split, alone ? { ...one, folder: one.outer, prefix: `${one.name}/` } : one)
  }
  const odd = [...splits].filter(([, { plain, name, prefix }]) => !plain || prefix !== `${name}/`)
  const assumption = odd.length
    ? `${odd.map(([split, { prefix }]) => `${prefix} was used as the ${split === 'train' ? 'training' : split} part`).join(', ')}.`
    : null
  return { splits, assumption }
}

/**
 * Interprets CLASS/IMAGE or SPLIT/CLASS/IMAGE (split: train, val, test, unlabelled, also as a word in the name), with images at any depth
 * below their class. Validation images become the test part if there is no other, and otherwise training images: a run draws its own
 * validation part. Labels follow the names of the classes in code point order.
 * @returns null if the folder contains no such structure
 * @throws UserError BAD_INPUT when there are more files than a data set can have, and if only the user can know what is a split
 */
export async function readImageTree(root: string, asked?: Readings['folders']): Promise<ImageTree | null> {
  const whole = await list(root, 0, { files: 0 })
  const chosen = chooseSplits(whole, asked)
  const tree: ImageTree = {
    classNames: [],
    files: { train: [], test: [], unlabelled: [] },
    skipped: [],
    notes: [],
    assumptions: [],
  }
  if (!chosen) {
    tree.classNames = classesOf(whole)
    if (tree.classNames.length < 2) return null
    collect(tree, whole, '', 'train')
    if (asked !== 'classes') tellDeeper(tree, whole)
    const splitLike = [...splitsOf(whole).values()].flat().map(({ name }) => `${name}/`)
    if (splitLike.length) tree.assumptions.push(`${splitLike.join(', ')} was treated as a class, not as a split.`)
    return tree
  }
  const { splits, assumption } = chosen
  if (assumption) tree.assumptions.push(assumption)
  const train = splits.get('train')!.folder
  tree.classNames = classesOf(train)
  tellDeeper(tree, train)
  if (tree.classNames.length < 2) return null
  for (const name of whole.files) tree.skipped.push({ path: name, why: NOT_AN_IMAGE })
  for (const name of whole.links) tree.skipped.push({ path: name, why: NO_FILE })
  for (const name of whole.unreadable) tree.skipped.push({ path: name, why: UNREADABLE })
  for (const [name, folder] of whole.folders)
    if (![...splits.values()].some((split) => split.name === name))
      for (const path of everyFile(folder, name)) tree.skipped.push({ path, why: 'outside the folders train, val, test and unlabelled' })
  for (const [split, { name, folder, prefix }] of splits) {
    if (split === 'unlabelled') {
      collectUnlabelled(tree, folder, prefix)
      if (!/^unlabell?ed$/i.test(name) && !assumption?.includes(prefix)) tree.assumptions.push(`${prefix} was used as the unlabelled part.`)
    } else if (split === 'train') collect(tree, folder, prefix, 'train')
    else if (!classesOf(folder).some((found) => tree.classNames.includes(found))) {
      const images = everyFile(folder, name).filter((path) => IMAGE.test(path))
      if (!images.length) continue
      collectUnlabelled(tree, folder, prefix)
      tree.assumptions.push(`${name}/ has no folder of a known class, so its ${images.length} images are used as the unlabelled part.`)
    } else if (split === 'validation' && splits.has('test')) {
      const before = tree.files.train.length
      collect(tree, folder, prefix, 'train')
      tree.notes.push(
        `the ${tree.files.train.length - before} images of ${name}/ were added to the training part, from which runs draw their validation split`,
      )
    } else {
      collect(tree, folder, prefix, 'test')
      if (split === 'validation') tree.notes.push(`the images of ${name}/ are used as the test part`)
    }
  }
  for (const files of Object.values(tree.files)) files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return tree
}

/** Describes the files in a folder, and why its images are not a data set, as sentences for a user who expected one. */
export async function describeFiles(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return ''
  const whole = await list(path, 0, { files: 0 })
  const kinds = new Map<string, number>()
  for (const { path: file, refused } of walk(whole, '')) {
    const kind = refused ? 'links' : extname(file).toLowerCase() || 'files without an extension'
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  if (!kinds.size) return 'The folder is empty. '
  const most = [...kinds].sort(([, a], [, b]) => b - a).slice(0, 5)
  const there = `There are ${most.map(([kind, count]) => `${count} ${kind}`).join(', ')}${kinds.size > most.length ? ' and others' : ''}. `
  const [only] = classesOf(whole)
  if (only !== undefined) return `${there}All images are in one folder, ${only}/, but at least two classes are needed. `
  return whole.files.some((name) => IMAGE.test(name)) ? `${there}Its images are not in class folders. ` : there
}

const NOT_AN_IMAGE = 'not a .png, .jpg, .jpeg or .webp file'
const NO_FILE = 'neither a file nor a folder, or nested too deeply'
const UNREADABLE = 'its name is not UTF-8; rename it'

async function list(path: string, depth: number, seen: { files: number }): Promise<Folder> {
  const found: Folder = { folders: new Map(), files: [], links: [], unreadable: [] }
  const entries = (await readdir(path, { withFileTypes: true })).filter(({ name }) => !HIDDEN.test(name))
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    if (++seen.files > FILE_LIMIT)
      throw new UserError(
        'BAD_INPUT',
        `${path} and its neighbours contain more than ${FILE_LIMIT} files, the limit. Import a part of them.`,
      )
    const inside = join(path, entry.name)
    // If a name is not valid UTF-8, the decoded name cannot be opened.
    if (entry.name.includes('\ufffd') && !(await stat(inside).catch(() => null))) found.unreadable.push(entry.name)
    else if (entry.isDirectory()) {
      if (depth < DEPTH_LIMIT) found.folders.set(entry.name, await list(inside, depth + 1, seen))
      else found.links.push(entry.name)
    } else if (entry.isFile()) found.files.push(entry.name)
    // Data sets are often stored as links to files; a link to a folder may lead back up.
    else if (entry.isSymbolicLink() && (await stat(inside).catch(() => null))?.isFile()) found.files.push(entry.name)
    else found.links.push(entry.name)
  }
  return found
}

const listed = (names: readonly string[]): string => names.slice(0, 5).join(', ') + (names.length > 5 ? ', ...' : '')

/** Folders of images inside classes might be classes as well. */
function tellDeeper(tree: ImageTree, classes: Folder): void {
  const deeper = tree.classNames.filter((name) => classesOf(classes.folders.get(name)!).length)
  if (deeper.length)
    tree.assumptions.push(
      `The outermost folders (${listed(tree.classNames)}) were treated as the classes, not the folders inside ${listed(deeper)}.`,
    )
}

const hasImages = (folder: Folder): boolean => folder.files.some((name) => IMAGE.test(name)) || [...folder.folders.values()].some(hasImages)

const classesOf = (folder: Folder): string[] => [...folder.folders].filter(([, inner]) => hasImages(inner)).map(([name]) => name)

function* walk(folder: Folder, prefix: string): Generator<{ path: string; refused: string | null }> {
  for (const name of folder.files) yield { path: prefix + name, refused: null }
  for (const name of folder.links) yield { path: prefix + name, refused: NO_FILE }
  for (const name of folder.unreadable) yield { path: prefix + name, refused: UNREADABLE }
  for (const [name, inner] of folder.folders) yield* walk(inner, `${prefix}${name}/`)
}

const everyFile = (folder: Folder, name: string): string[] => [...walk(folder, `${name}/`)].map(({ path }) => path)

function collect(tree: ImageTree, folder: Folder, prefix: string, part: 'train' | 'test'): void {
  for (const name of folder.unreadable) tree.skipped.push({ path: prefix + name, why: UNREADABLE })
  for (const name of [...folder.files, ...folder.links])
    tree.skipped.push({ path: prefix + name, why: IMAGE.test(name) ? 'not in a class folder' : NOT_AN_IMAGE })
  const labels = new Map(tree.classNames.map((name, label) => [name, label]))
  for (const [name, inner] of folder.folders) {
    const label = labels.get(name)
    for (const { path, refused } of walk(inner, `${prefix}${name}/`))
      if (refused) tree.skipped.push({ path, why: refused })
      else if (!IMAGE.test(path)) tree.skipped.push({ path, why: NOT_AN_IMAGE })
      else if (label === undefined) tree.skipped.push({ path, why: 'its class has no training images' })
      else tree.files[part].push({ path, label })
  }
}

function collectUnlabelled(tree: ImageTree, folder: Folder, prefix: string): void {
  for (const { path, refused } of walk(folder, prefix))
    if (!refused && IMAGE.test(path)) tree.files.unlabelled.push({ path, label: null })
    else tree.skipped.push({ path, why: refused ?? NOT_AN_IMAGE })
}
