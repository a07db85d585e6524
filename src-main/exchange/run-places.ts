import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { UserError } from '../contract/errors.js'
import { isDeletedMlflowRun, isMlflowRun } from './mlflow-run.js'

/** Maximum number of runs in one import, of files and folders searched for them, and depth of folders. */
const MOST_RUNS = 1000
const MOST_ENTRIES = 200_000
const DEEPEST = 12

const isEventFile = (name: string): boolean => name.includes('tfevents')

/** Folders below a path that satisfy a predicate on their content, in the order of their paths; links are not followed. */
async function foldersWith(path: string, holds: (folder: string, names: string[]) => Promise<boolean> | boolean): Promise<string[]> {
  const found: string[] = []
  let entries = 0
  const visit = async (folder: string, depth: number): Promise<void> => {
    const list = await readdir(folder, { withFileTypes: true })
    entries += list.length
    if (entries > MOST_ENTRIES)
      throw new UserError('BAD_INPUT', `${path} has more than ${MOST_ENTRIES} files and folders. Give a folder inside it.`)
    const files = list.flatMap((entry) => (entry.isFile() ? [entry.name] : []))
    if (await holds(folder, files)) found.push(folder)
    if (found.length > MOST_RUNS) throw new UserError('BAD_INPUT', `${path} has more than ${MOST_RUNS} runs. Give a folder inside it.`)
    if (depth === DEEPEST) return
    for (const entry of list.sort((a, b) => (a.name < b.name ? -1 : 1)))
      if (entry.isDirectory()) await visit(join(folder, entry.name), depth + 1)
  }
  await visit(path, 0)
  return found
}

/**
 * The event files of a log directory, in the order of their creation. TensorBoard shows each folder that contains some as a separate run.
 * @throws UserError BAD_INPUT if there are none, or several runs
 */
export async function eventFiles(path: string): Promise<string[]> {
  const [first, ...others] = await foldersWith(path, (_, names) => names.some(isEventFile))
  if (first === undefined)
    throw new UserError(
      'BAD_INPUT',
      `${path} contains no run: no event files (events.out.tfevents…), no run of W&B (run-….wandb) and none of MLflow (meta.yaml with metrics).`,
    )
  if (others.length)
    throw new UserError(
      'BAD_INPUT',
      `${path} contains ${others.length + 1} runs. Give the folder of one of them, such as ${first} or ${others[0]}.`,
    )
  const files = await readdir(first, { withFileTypes: true })
  return files.flatMap((entry) => (entry.isFile() && isEventFile(entry.name) ? [join(first, entry.name)] : [])).sort()
}

/**
 * The runs at a path, each as a path that can be imported by itself: the path itself if it is a file, otherwise every folder below it with
 * event files, a W&B run, or an MLflow run that was not deleted there.
 * @throws UserError BAD_INPUT if there are none, or too many
 */
export async function findRuns(path: string): Promise<{ path: string; name: string | null }[]> {
  if (!(await stat(path)).isDirectory()) return [{ path, name: null }]
  const logged = new Set<string>()
  const places = await foldersWith(path, async (folder, names) => {
    if (names.some((name) => name.endsWith('.wandb'))) return true
    if (names.some(isEventFile)) {
      logged.add(folder)
      return true
    }
    return names.includes('meta.yaml') && (await isMlflowRun(folder)) && !(await isDeletedMlflowRun(folder))
  })
  // A folder without any is rejected with a list of what was looked for.
  const named = (place: string): string | null =>
    places.length > 1 && logged.has(place) && place !== path ? relative(path, place).split(sep).join('/') : null
  return (places.length > 0 ? places : [path]).map((place) => ({ path: place, name: named(place) }))
}
