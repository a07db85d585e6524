import { beforeAll } from 'vitest'
import { openEngine } from '../../src-main/engine/open.js'
import { describeParity } from './reference-parity.js'

beforeAll(async () => {
  await openEngine({ engine: 'portable', reason: 'This test needs it.', remedy: null, native: null })
})

describeParity()
