import { ensureBuilt } from './build.mjs'
import { main, tell } from './prepare.mjs'

await main(() => ensureBuilt({ force: true, tell }))
