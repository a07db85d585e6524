// `npm run screenshots [-- NAME ...]`: takes the pictures of README and docs anew.
import { join } from 'node:path'
import { runnerImport } from 'vite'

const root = join(import.meta.dirname, '../..')
const { module } = /** @type {{ module: typeof import('./support/screenshots.js') }} */ (
  await runnerImport(join(import.meta.dirname, 'support/screenshots.ts'), { root, configFile: false, logLevel: 'error' })
)
await module.takeScreenshots(join(root, 'docs/images'), process.argv.slice(2), (line) => console.log(line))
