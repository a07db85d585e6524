import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { compareWithReference } from '../../src-main/numeric/parity.js'
import { modesOf } from '../../src-main/numeric/network.js'
import { findDynamics } from '../../src-main/numeric/registry.js'
import { readReferenceCase } from '../../src-main/training/reference-case.js'

const FOLDER = join(import.meta.dirname, '../fixtures/reference')

/** Cases for which a twin with one modified gradient must be rejected: one for each kind of unit. */
const TWINS = ['hamiltonian', 'antisymmetric', 'euler', 'verlet', 'identity-bare', 'identity-projection', 'spiking-bare', 'vgg-bare']

/** Every reference case in every mode that its network supports, on the open engine. */
export function describeParity(): void {
  test.each(readdirSync(FOLDER))('%s agrees with the reference in every mode', async (file) => {
    const reference = await readReferenceCase(join(FOLDER, file))
    for (const mode of modesOf(findDynamics(reference.config.arch)!)) {
      const before = tf.memory().numTensors
      const rows = compareWithReference(reference, mode)
      // Written so that NaN, which is not within any tolerance, is included.
      expect(rows.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([])
      expect(rows.length).toBeGreaterThan(3 * Object.keys(reference.config.stages).length)
      expect(tf.memory().numTensors).toBe(before)
    }
  })

  test.each(TWINS)('one wrong gradient of %s is found and named', async (name) => {
    const reference = await readReferenceCase(join(FOLDER, `${name}.safetensors`))
    const key = [...reference.tensors.keys()].find((each) => each.startsWith('grad/stage2/unit1/'))!
    const gradient = reference.tensors.get(key)!.data
    const largest = Array.from(gradient).reduce((at, value, index) => (Math.abs(value) > Math.abs(gradient[at]!) ? index : at), 0)
    gradient[largest]! *= 1.001
    const wrong = compareWithReference(reference, modesOf(findDynamics(reference.config.arch)!)[0]!).filter(
      ({ error, tolerance }) => !(error <= tolerance),
    )
    expect(wrong.map((row) => row.name)).toEqual([key])
  })

  test('a case that was recorded before its architecture got an option agrees', async () => {
    const reference = await readReferenceCase(join(FOLDER, 'spiking-bare.safetensors'))
    const { dropout, ...config } = reference.config as typeof reference.config & { dropout: number }
    expect(dropout).toBe(0)
    const rows = compareWithReference({ ...reference, config }, 'stored')
    expect(rows.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([])
  })
}
