import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { UserError } from '../../contract/errors.js'
import { describeFailure } from '../failure.js'
import { chooseHome } from '../home.js'
import { parsePort } from '../options.js'
import { onEndRequest } from '../signals.js'
import { backendOpener } from '../wire.js'
import { serve } from './serve.js'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

function readArguments(args: string[]): { home?: string | undefined; port?: string | undefined; window: boolean } {
  try {
    const { values } = parseArgs({
      args,
      options: { home: { type: 'string' }, port: { type: 'string' }, 'no-open': { type: 'boolean', default: false } },
    })
    return { home: values.home, port: values.port, window: !values['no-open'] }
  } catch (error) {
    const why = error instanceof Error ? error.message.split('.')[0] : String(error)
    throw new UserError('BAD_INPUT', `${why}: the options are --no-open, --port N and --home DIR.`, { cause: error })
  }
}

async function main(): Promise<void> {
  const { home, port, window } = readArguments(process.argv.slice(2))
  const end = new Promise((resolve) => onEndRequest(resolve))
  await serve({
    home: chooseHome(home),
    port: parsePort(port),
    window,
    page: at('../renderer'),
    openBackend: backendOpener({ trainerEntry: at('./trainer.js'), importerEntry: at('./import-process.js') }),
    print: (line) => console.log(line),
    end,
    onDefect: (error) => console.error(describeFailure(error)),
  })
}

// A trainer or a lingering timer must not keep a closed workbench alive.
main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(describeFailure(error))
    process.exit(1)
  },
)
