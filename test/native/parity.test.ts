import { expect, test } from 'vitest'
import { join } from 'node:path'
import { compareWithReference } from '../../src-main/numeric/parity.js'
import { readReferenceCase } from '../../src-main/training/reference-case.js'
import { describeParity } from './reference-parity.js'
import { engineReport } from './support.js'

test(`the engine here is ${engineReport.engine} (${engineReport.reason})`, () => expect(engineReport.threads).toBeGreaterThan(0))

describeParity()

test('one wrong gradient is found and named', async () => {
  const reference = await readReferenceCase(join(import.meta.dirname, '../fixtures/reference/hamiltonian.safetensors'))
  const gradient = reference.tensors.get('grad/stage2/unit1/kernel2')!.data
  const largest = Array.from(gradient).reduce((at, value, index) => (Math.abs(value) > Math.abs(gradient[at]!) ? index : at), 0)
  gradient[largest]! *= 1.001
  const wrong = compareWithReference(reference, 'reversible').filter(({ error, tolerance }) => !(error <= tolerance))
  expect(wrong.map(({ name }) => name)).toEqual(['grad/stage2/unit1/kernel2'])
})
