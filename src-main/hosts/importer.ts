import { sameContent } from '../contract/dataset-content.js'
import { builtinNames, ensureBuiltin, makeDataset, pointKinds } from '../data/import.js'
import { estimateInProcess, importInProcess } from '../data/import-remote.js'
import { readDataset, renameStored, renewHash, verifyDataset } from '../data/stored.js'
import type { DatasetImporter } from '../features/datasets/importer.js'

/**
 * Imports data sets for the features, in separate processes.
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
  renewHash,
  read: readDataset,
  async verify(folder, expected, options) {
    const found = await verifyDataset(folder, options)
    if (!found.ok) return found
    if (sameContent(await readDataset(folder), expected.hash)) return found
    const problem = `The data in ${folder} differ from those of the data set ${expected.name} when it was imported.`
    return { ok: false, problems: [problem] }
  },
})
