import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { compareWithReference } from '../../src-main/numeric/parity.js'
import { modesOf } from '../../src-main/numeric/network.js'
import { findDynamics } from '../../src-main/numeric/registry.js'
import { readReferenceCase } from '../../src-main/training/reference-case.js'

const FOLDER = join(import.meta.dirname, '../fixtures/reference')

/** Every reference case in every mode that its network has, on the engine that is open. */
export function describeParity(): void {
  test.each(readdirSync(FOLDER))('%s agrees with the reference in every mode', async (file) => {
    const reference = await readReferenceCase(join(FOLDER, file))
    for (const mode of modesOf(findDynamics(reference.config.arch)!)) {
      const before = tf.memory().numTensors
      const rows = compareWithReference(reference, mode)
      // NaN is within no tolerance.
      expect(rows.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([])
      expect(rows.length).toBeGreaterThan(3 * Object.keys(reference.config.stages).length)
      expect(tf.memory().numTensors).toBe(before)
    }
  })
}
