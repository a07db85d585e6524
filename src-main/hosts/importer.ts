import { DatasetBrowser } from '../data/browse.js'
import { builtinNames, ensureBuiltin, makeDataset, pointKinds } from '../data/import.js'
import { estimateInProcess, importInProcess } from '../data/import-remote.js'
import { readDataset, renameStored, verifyDataset } from '../data/stored.js'
import type { DatasetImporter } from '../experiments/ports.js'

/**
 * The data sets of a home, as the experiments want them.
 * @param entry absolute path of the program that imports
 */
export const createImporter = (entry: string): DatasetImporter => ({
  builtins: builtinNames,
  ensureBuiltin,
  import: (request, options) => importInProcess(entry, request, options),
  estimate: (request, { into }) => estimateInProcess(entry, request, into),
  kinds: pointKinds,
  make: makeDataset,
  rename: renameStored,
  views: new DatasetBrowser(),
  read: readDataset,
  async verify(folder, expected, options) {
    const found = await verifyDataset(folder, options)
    if (!found.ok) return found
    const { hash } = await readDataset(folder)
    if (hash === expected.hash) return found
    const problem = `${folder} holds other data than the data set ${expected.name} had when it was imported.`
    return { ok: false, problems: [problem] }
  },
})
