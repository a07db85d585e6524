import { keepToOwner } from '../../durable/own-files.js'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { UserError } from '../../contract/errors.js'
import { describeFailure } from '../failure.js'
import { chooseHome, userPath } from '../home.js'
import { parsePort } from '../options.js'
import { onEndRequest } from '../../processes/end-request.js'
import { backendOpener } from '../wire.js'
import { serve } from './serve.js'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

interface Arguments {
  home?: string | undefined
  port?: string | undefined
  exports?: string | undefined
  window: boolean
  /** The page's development server (`npm run dev`). */
  pageFrom: string | undefined
}

function readArguments(args: string[]): Arguments {
  try {
    const { values } = parseArgs({
      args,
      options: {
        home: { type: 'string' },
        port: { type: 'string' },
        exports: { type: 'string' },
        'no-open': { type: 'boolean', default: false },
        'page-from': { type: 'string' },
      },
    })
    const { home, port, exports, 'page-from': pageFrom, 'no-open': closed } = values
    return { home, port, exports, window: !closed, pageFrom }
  } catch (error) {
    const why = error instanceof Error ? error.message.split('.')[0] : String(error)
    throw new UserError('BAD_INPUT', `${why}. The options are --no-open, --port N, --home DIR and --exports DIR.`, { cause: error })
  }
}

/** Must be on this machine, because the page may do anything that its user may. */
function ownServer(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null
  if (url?.protocol === 'http:' && url.hostname === '127.0.0.1') return url
  throw new UserError('BAD_INPUT', `--page-from ${address} is not valid. Give http://127.0.0.1:PORT, as \`npm run dev\` does.`)
}

async function main(): Promise<void> {
  keepToOwner()
  const { home, port, exports, window, pageFrom } = readArguments(process.argv.slice(2))
  const end = new Promise((resolve) => onEndRequest(resolve))
  await serve({
    home: chooseHome(home),
    port: parsePort(port),
    exports: exports === undefined ? undefined : userPath(exports),
    window,
    page: pageFrom === undefined ? at('../renderer') : ownServer(pageFrom),
    openBackend: backendOpener({ trainerEntry: at('./trainer.js'), importerEntry: at('./import-process.js') }),
    print: (line) => console.log(line),
    end,
    onDefect: (error) => console.error(describeFailure(error)),
  })
}

// A trainer or a remaining timer must not keep a closed workbench running.
main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(describeFailure(error))
    process.exit(1)
  },
)
