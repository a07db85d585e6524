import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ACTIVE, RESUMABLE, RunStatusSchema } from '../../src-main/contract/runs.js'
import { afterCommand, afterEnd, afterExit, afterStart, type RunCommand } from '../../src-main/features/runs/control/run-state.js'

const STATUSES = RunStatusSchema.options
const status = fc.constantFrom(...STATUSES)
const command = fc.constantFrom<RunCommand>('pause', 'resume', 'stop')

describe('the states of a run', () => {
  it('let exactly the resumable ones be resumed', () => {
    expect(STATUSES.filter((each) => afterCommand(each, 'resume') === 'queued' && each !== 'queued').sort()).toEqual([...RESUMABLE].sort())
  })

  it('stay the same when a command is repeated', () => {
    fc.assert(
      fc.property(status, command, (before, given) => {
        const after = afterCommand(before, given)
        if (after !== null) expect(afterCommand(after, given)).toBe(after)
      }),
    )
  })

  it('are final once a trainer has reported its end or its process has exited', () => {
    const end = fc.oneof(
      fc.constantFrom('finished' as const, 'paused' as const, 'stopped' as const, 'diverged' as const, 'failed' as const),
      fc.record({ reason: fc.option(fc.string()), overdue: fc.boolean(), interrupted: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...ACTIVE), end, (before, how) => {
        const after = typeof how === 'string' ? afterEnd(before, how) : afterExit(before, how)
        expect([...ACTIVE, 'queued']).not.toContain(after)
      }),
    )
  })

  it('remember a command that was given before the first step', () => {
    expect(ACTIVE.map(afterStart)).toEqual(['running', 'running', 'pausing', 'stopping'])
  })

  it("are 'failed' when the process died by itself, whatever the last command was", () => {
    for (const before of ACTIVE) expect(afterExit(before, { reason: 'out of memory', overdue: false })).toBe('failed')
  })
})
