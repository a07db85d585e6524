import { beforeAll } from 'vitest'
import { openEngine } from '../../src-main/engine/open.js'
import { describeDropout } from './dropout-cases.js'

beforeAll(async () => {
  await openEngine({ engine: 'portable', reason: 'This test needs it.', remedy: null, native: null })
})

describeDropout()
