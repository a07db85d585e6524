import { describe, expect, test } from 'vitest'
import type { LabOptions } from '../../../src-main/contract/lab.js'
import { completeOptions } from '../../../src-main/lab/complete-options.js'
import { allDiagnostics } from '../../../src-main/lab/registry.js'
import { modesOf } from '../../../src-main/numeric/network.js'
import { allDynamics } from '../../../src-main/numeric/registry.js'
import { close, run, subjectOf } from './support.js'

const small: Record<string, LabOptions> = {
  'lr-finder': { rampSteps: 10 },
  hessian: { images: 4, iterations: 3, eigenvalueTolerance: 0.2 },
  robustness: { heldOutImages: 5 },
  reversal: { images: 2 },
  energy: { frozenSteps: 2 },
}

/** It needs files that only users have. */
const diagnostics = allDiagnostics().filter(({ id }) => id !== 'corruptions')

describe.each(allDynamics().map((dynamics) => [dynamics.id, dynamics] as const))('%s', (arch, dynamics) => {
  const stages = [
    { channels: 4, units: 2 },
    { channels: 4, units: 2 },
  ]
  const networks = [
    ['images', { stages, image: { height: 4, width: 4, channels: 3 } }],
    ...(dynamics.dense
      ? [['vectors', { stages: stages.slice(1), maps: 'dense' as const, image: { height: 1, width: 1, channels: 2 } }] as const]
      : []),
  ] as const
  test.each(networks)('every diagnostic of a network of %s has an answer, or is refused with a sentence', async (_, network) => {
    const subject = subjectOf({ arch, mode: modesOf(dynamics)[0]!, activation: 'tanh', ...network }, { count: 10 })
    for (const diagnostic of diagnostics) {
      const options = small[diagnostic.id] ?? {}
      const why = diagnostic.refuse({ ...subject, machine: { speed: null, memoryBytes: 2 ** 32 } }, completeOptions(diagnostic, options))
      if (why !== null) expect(why, diagnostic.id).toMatch(/^[A-Z].*\.$/)
      else {
        const { tables, notes } = await run(diagnostic, subject, options)
        // If an eigenvalue did not converge, there is no table but a warning.
        expect(tables.length + notes.filter(({ level }) => level === 'warning').length, diagnostic.id).toBeGreaterThan(0)
      }
    }
    close(subject)
  })
})
