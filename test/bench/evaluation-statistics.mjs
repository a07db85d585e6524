// `node test/bench/evaluation-statistics.mjs PRESET FOLDER STEP...`: accuracy and loss on the first 2,000 test images of a stored data set
// (HOME/datasets/NAME) after these numbers of steps, with the batch norm statistics available for evaluation. Prints a table for
// docs/results.md.
import { join } from 'node:path'
import { runnerImport } from 'vite'

const root = join(import.meta.dirname, '../..')
process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
await runnerImport(join(import.meta.dirname, 'evaluation-statistics.ts'), { root, configFile: false, logLevel: 'error' })
