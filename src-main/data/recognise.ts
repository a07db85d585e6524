import { sep } from 'node:path'
import { ImageOptionsSchema, type ImageOptions, type ImportDataset, type Readings } from '../contract/datasets.js'
import { isUserError, UserError } from '../contract/errors.js'
import type { DatasetFormat, Found } from './format.js'
import { describeFiles } from './image-tree.js'
import { severalSets } from './readings.js'
import { formats } from './registry.js'
import { HIDDEN, SourceFolder } from './source-folder.js'

interface Recognised {
  format: DatasetFormat
  found: Found
  /** Name of the folder that contains it. */
  folder: string
  /** Other files in its folder, and in the other folders that were searched. */
  unread: string[]
  /** Sentences on what was ignored in favour of it. */
  assumptions: string[]
}

/** The requested formats. @throws UserError BAD_INPUT */
export function wantedFormats({ format }: ImportDataset): readonly DatasetFormat[] {
  const wanted = format === undefined ? formats : formats.filter(({ id }) => id === format)
  if (wanted.length) return wanted
  const known = formats.map(({ id }) => id).join(', ')
  throw new UserError('BAD_INPUT', `There is no format ${format}. Choose one of ${known}, or omit it.`)
}

/**
 * Determines what a folder or a file of arrays contains.
 * @throws UserError BAD_INPUT when it cannot be read
 */
export const recogniseSource = (path: string, request: ImportDataset): Promise<Recognised> =>
  recognise(path, path, wantedFormats(request), request)

const within = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}${sep}`)

interface Candidate {
  format: DatasetFormat
  found: Found
  folder: SourceFolder
}

interface Refused {
  folder: SourceFolder
  error: UserError
}

/** Files of the searched folders that do not belong to the data set; other data sets are listed by name. */
function unreadFiles(folders: readonly SourceFolder[], { folder, found }: Candidate, told: ReadonlySet<SourceFolder>): string[] {
  const read = new Set(found.files)
  const beside = folders.filter(
    (each) => each !== folder && !told.has(each) && (found.files !== undefined || !within(each.path, folder.path)),
  )
  return [
    ...(found.files ? folder.names.filter((name) => !HIDDEN.test(name) && !read.has(name)) : []),
    ...beside.flatMap((each) => each.names.filter((name) => !HIDDEN.test(name)).map((name) => `${each.name}/${name}`)),
  ]
}

/** The first folder that one of the formats can read, or the first that one rejects; null if none of them matches. */
async function firstOf(
  folders: readonly SourceFolder[],
  wanted: readonly DatasetFormat[],
  images: ImageOptions,
  readings: Readings,
): Promise<Candidate | Refused | null> {
  for (const folder of folders)
    for (const format of wanted)
      try {
        const found = await format.find(folder, images, readings)
        if (found) return { format, found, folder }
      } catch (error) {
        if (!isUserError(error)) throw error
        return { folder, error }
      }
  return null
}

/**
 * Determines what the folders contain. Of several data sets, the requested one is used, and none if none is requested.
 * @throws UserError BAD_INPUT
 */
export async function recognise(root: string, path: string, wanted: readonly DatasetFormat[], request: ImportDataset): Promise<Recognised> {
  const { images = ImageOptionsSchema.parse({}), readings = {} } = request
  const { folders, beyond } = await SourceFolder.candidates(root)
  const all: Candidate[] = []
  const refused: Refused[] = []
  for (const folder of folders)
    for (const format of wanted.filter((each) => !each.lastResort))
      try {
        const found = await format.find(folder, images, readings)
        if (found) all.push({ format, found, folder })
      } catch (error) {
        if (!isUserError(error)) throw error
        refused.push({ folder, error })
      }
  // Folders of classes can be nested: the outermost one is meant.
  const byFolders = await firstOf(
    folders,
    wanted.filter((each) => each.lastResort),
    images,
    readings,
  )
  if (byFolders && 'error' in byFolders) refused.push(byFolders)
  else if (byFolders) all.push(byFolders)
  const label = ({ folder, format }: Candidate): string =>
    all.some((other) => other.folder === folder && other.format !== format) ||
    (refused.some((other) => other.folder === folder) && format.lastResort)
      ? format.id
      : folder.name
  const asked = all.find((each) => label(each) === readings.only)
  const chosen = all.length > 1 ? asked : all[0]
  if (!chosen && all.length) throw new UserError('BAD_INPUT', severalSets(all.map(label)))
  const [first] = refused
  if (chosen?.format.lastResort && first && !asked)
    throw new UserError(
      'BAD_INPUT',
      `${first.error.message} To import the image folders instead, use --only ${label(chosen)} (in the window: Which one).`,
    )
  if (chosen) {
    const left = all.filter((each) => each !== chosen).map(label)
    const assumptions = [
      ...(left.length ? [`Of ${all.length} data sets, ${label(chosen)} was imported; ${left.join(', ')} was skipped.`] : []),
      ...(beyond ? [`${beyond} more folders were not searched.`] : []),
      ...refused.map(({ folder, error }) => `${folder.name} was skipped: ${error.message}`),
    ]
    const told = new Set([...all, ...refused].map((each) => each.folder))
    const { format, found, folder } = chosen
    return { format, found, folder: folder.name, unread: unreadFiles(folders, chosen, told), assumptions }
  }
  if (first) throw first.error
  const expected = wanted.map(({ label, files }) => `${label}: ${files}`).join('; ')
  const there = folders[0] ? await describeFiles(folders[0].path) : ''
  throw new UserError('BAD_INPUT', `${path} contains no data set in a supported format. ${there}Supported files: ${expected}.`)
}
