// `npm run bench:ui [-- --points N] [--charts | --table | --studies]`: measures the window in a real browser, and appends the results to
// docs/benchmarks.md.
import { join } from 'node:path'
import { runnerImport } from 'vite'

const root = join(import.meta.dirname, '../..')
await runnerImport(join(import.meta.dirname, 'ui.ts'), { root, configFile: false, logLevel: 'error' })
