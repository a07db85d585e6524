import { fileURLToPath } from 'node:url'
import { describeFailure } from '../../../src-main/hosts/failure.js'
import { chooseHome } from '../../../src-main/hosts/home.js'
import { onEndRequest } from '../../../src-main/processes/end-request.js'
import { serve } from '../../../src-main/hosts/server/serve.js'
import { playedBackend } from '../../fixtures/played-home.js'

// The real server with a played home. Arguments: home, port, 'slow' for a back end that takes long to close, 'terminal' to print as on a
// terminal. The page is next to the bundle.
const [home = '', port = '0', mode = ''] = process.argv.slice(2)

serve({
  home: chooseHome(home),
  port: Number(port),
  window: false,
  page: fileURLToPath(new URL('./page', import.meta.url)),
  openBackend: async () => {
    const backend = await playedBackend({ tickMs: 20 })
    const close = async (): Promise<void> => {
      if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, 60_000))
      await backend.close()
    }
    return { ...backend, close }
  },
  print: (line) => console.log(line),
  ...(mode === 'terminal' ? { output: 'terminal' } : {}),
  end: new Promise((resolve) => onEndRequest(resolve)),
  onDefect: (error) => console.error(error),
}).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(describeFailure(error))
    process.exit(1)
  },
)
