import { expect, test } from 'vitest'
import { describeParity } from './reference-parity.js'
import { engineReport } from './support.js'

test(`the engine here is ${engineReport.engine} (${engineReport.reason})`, () => expect(engineReport.threads).toBeGreaterThan(0))

describeParity()
