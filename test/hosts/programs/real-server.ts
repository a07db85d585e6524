import { fileURLToPath } from 'node:url'
import { openBackend } from '../../../src-main/hosts/backend.js'
import { describeFailure } from '../../../src-main/hosts/failure.js'
import { chooseHome } from '../../../src-main/hosts/home.js'
import { serve } from '../../../src-main/hosts/server/serve.js'
import { onEndRequest } from '../../../src-main/processes/end-request.js'
import { fakeCatalogue, fakeImporter } from '../../fixtures/fake-ports.js'

// The real server with the real storage and supervisor; only networks and data sets are those of the tests. Arguments: home, the trainer's
// file. The page is next to the bundle.
const [home = '', trainerEntry = ''] = process.argv.slice(2)

serve({
  home: chooseHome(home),
  port: 0,
  window: false,
  page: fileURLToPath(new URL('./page', import.meta.url)),
  openBackend: (options) => openBackend({ ...options, trainerEntry, catalogue: fakeCatalogue, importer: fakeImporter() }),
  print: (line) => console.log(line),
  end: new Promise((resolve) => onEndRequest(resolve)),
  onDefect: (error) => console.error(describeFailure(error)),
}).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(describeFailure(error))
    process.exit(1)
  },
)
