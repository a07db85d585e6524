import { fileURLToPath } from 'node:url'
import { keepToOwner } from '../../durable/own-files.js'
import type { Context } from './context.js'
import { describeFailure } from '../failure.js'
import { onEndRequest } from '../../processes/end-request.js'
import { guarded, warn } from '../../processes/guarded.js'
import { runCommandLine } from './run.js'

keepToOwner()
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const trainerEntry = at('./trainer.js')

const context: Context = {
  print: (line) => void process.stdout.write(`${line}\n`),
  note: (line) => void process.stderr.write(`${line}\n`),
  progress: process.stderr.isTTY ? (line) => void process.stderr.write(`\r\x1b[2K${line.slice(0, process.stderr.columns - 1)}`) : null,
  openBackend: async (options) =>
    (await import('../wire.js')).backendOpener({ trainerEntry, importerEntry: at('./import-process.js') })(options),
  trainerEntry,
  page: at('../renderer'),
  end: new Promise((resolve) => onEndRequest(resolve)),
  onDefect: (error) => void process.stderr.write(`${describeFailure(error)}\n`),
}

// In `retrace runs list | head` the reader closes the pipe early, which is not a failure.
process.stdout.on(
  'error',
  guarded(warn, (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  }),
)

const status = await runCommandLine(process.argv.slice(2), context)
// Wait until pipes have drained: exit() would lose what was written last.
await new Promise((resolve) => process.stdout.write('', resolve))
process.exit(status)
