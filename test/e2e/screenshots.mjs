// `npm run screenshots [-- --out DIR --home DIR NAME ...]`: a screenshot of every page in both themes at two widths, on a home that it
// trains itself (or that --home keeps from one time to the next), in out/screenshots. With --docs, it updates the pictures of README and
// docs.
import { join } from 'node:path'
import { runnerImport } from 'vite'

const root = join(import.meta.dirname, '../..')
await runnerImport(join(import.meta.dirname, 'screenshots/take.ts'), { root, configFile: false, logLevel: 'error' })
