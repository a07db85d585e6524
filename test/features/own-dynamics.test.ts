import { describe, expect, it } from 'vitest'
import type { OwnDynamics } from '../../src-main/features/runs/own-dynamics.js'
import { openSession } from '../fixtures/session.js'
import { PRESET } from '../fixtures/fake-ports.js'

const HASH = 'a'.repeat(64)

/** A run whose architecture is defined by a user's file, which changes meanwhile. */
describe('runs of an own dynamics', () => {
  it('keep the hash of its text, hand it to every trainer, and go on with that text alone', async () => {
    let now: string | null = HASH
    const ownDynamics: OwnDynamics = {
      refresh: async () => undefined,
      of: () => ({ file: 'mine.ts', hash: HASH }),
      missing: () => null,
      hashNow: () => now,
      list: async () => ({ folder: '', files: [] }),
    }
    using session = await openSession({ ownDynamics })
    const { runs } = session.services
    const { id } = await runs.create({ preset: PRESET.name, dataset: 'digits' })
    expect((await runs.get({ id })).environment.dynamics).toEqual({ file: 'mine.ts', hash: HASH })
    const [trainer] = session.trainers
    expect(trainer!.order.dynamics).toEqual({ file: 'mine.ts', hash: HASH })
    trainer!.events.report({ kind: 'ended', outcome: 'paused', reason: null, result: null })
    trainer!.events.exited({ reason: null, overdue: false })

    now = 'b'.repeat(64)
    const changed =
      /mine\.ts has changed \(bbbbbbbbbbbb\).*begins with aaaaaaaaaaaa.*Put that text back as dynamics\/mine\.ts.*or start a new run/
    await expect(runs.resume({ id })).rejects.toThrow(changed)
    await expect(runs.retry({ id })).rejects.toThrow(changed)
    now = null
    await expect(runs.resume({ id })).rejects.toThrow(/mine\.ts is not in the home any more/)
    expect(session.trainers).toHaveLength(1)
    now = HASH
    await runs.resume({ id })
    expect(session.trainers).toHaveLength(2)
  })
})
