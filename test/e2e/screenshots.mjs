// `npm run screenshots [-- NAME ...]`: takes the pictures of README and docs anew.
import { join } from 'node:path'
import { runnerImport } from 'vite'

const root = join(import.meta.dirname, '../..')
await runnerImport(join(import.meta.dirname, 'screenshots.ts'), { root, configFile: false, logLevel: 'error' })
