import { UserError } from '../../../contract/errors.js'
import { ACTIVE, describeElsewhere, hasConfiguration, type RunStatus, type RunSummary } from '../../../contract/runs.js'
import type { TrainerExit, TrainerOutcome } from './trainers.js'

/** The state machine of runs: all transitions, and nothing else. */

export type RunCommand = 'pause' | 'resume' | 'stop'

/** Next state by command and state. A missing state refuses the command; a state that leads to itself needs no action. */
const COMMANDS: Record<RunCommand, Partial<Record<RunStatus, RunStatus>>> = {
  pause: { queued: 'paused', starting: 'pausing', running: 'pausing', pausing: 'pausing', paused: 'paused' },
  resume: { queued: 'queued', paused: 'queued', stopped: 'queued', failed: 'queued', diverged: 'queued', interrupted: 'queued' },
  stop: {
    queued: 'stopped',
    starting: 'stopping',
    running: 'stopping',
    pausing: 'stopping',
    stopping: 'stopping',
    paused: 'stopped',
    interrupted: 'stopped',
    stopped: 'stopped',
  },
}

/** The state after a command; null when the command is not allowed in this state. */
export const afterCommand = (status: RunStatus, command: RunCommand): RunStatus | null => COMMANDS[command][status] ?? null

/** Whether it has reached the step up to which it was to be trained so far, and pauses there. */
export const waits = ({ status, step }: Pick<RunSummary, 'status' | 'step'>, record: { pauseAt: number | null } | undefined): boolean =>
  status === 'paused' && record?.pauseAt != null && step >= record.pauseAt

/** The state after a trainer has begun to train; an earlier command stays in force. */
export const afterStart = (status: RunStatus): RunStatus => (status === 'starting' ? 'running' : status)

/** The state after a trainer has reported its end. One that was asked to pause and then to stop may report either. */
export function afterEnd(status: RunStatus, outcome: TrainerOutcome): RunStatus {
  if (outcome !== 'paused' && outcome !== 'interrupted') return outcome
  if (status === 'stopping') return 'stopped'
  // The command of the user came first.
  return status === 'pausing' ? 'paused' : outcome
}

/** The state after a trainer's process ended without a report. One that was killed for not obeying counts as paused or stopped. */
export function afterExit(status: RunStatus, { reason, overdue, interrupted = false }: TrainerExit): RunStatus {
  const obeyed = overdue || interrupted || reason === null
  if (obeyed && status === 'pausing') return 'paused'
  if (obeyed && status === 'stopping') return 'stopped'
  return interrupted ? 'interrupted' : 'failed'
}

/** Why a run is interrupted if something other than Retrace asked its trainer to exit; its last checkpoint is at that step. */
export const describeInterruption = (step: number): string =>
  `The trainer was terminated by the system or another program, for example by a shutdown, a logout or a time limit. Resume this run from step ${step}.`

/** Why a run is interrupted if a host left it active when it ended. */
export const describeLeft = (run: RunSummary): string =>
  hasConfiguration(run)
    ? `Retrace ended unexpectedly while this run was active (at step ${run.step}). Resume it from its last checkpoint.`
    : 'Retrace was closed while another program was logging this run. The run continues when it logs again.'

/** @throws UserError CONFLICT if another program made the run, so that there is nothing to train */
export function requireOwn(run: RunSummary): RunSummary {
  if (hasConfiguration(run)) return run
  throw new UserError('CONFLICT', describeElsewhere(run))
}

/** Why the command cannot be given to the run, and what can be done instead. */
export function refusal(run: RunSummary, command: RunCommand): string {
  const { id, status } = run
  if (!hasConfiguration(run)) return describeElsewhere(run)
  if (command === 'resume') {
    if (status === 'finished') return `Run ${id} has finished and cannot be resumed. Fork it to continue training from its last checkpoint.`
    return status === 'starting' || status === 'running'
      ? `Run ${id} is already ${status}.`
      : `Run ${id} is ${status}. Wait until it has ended, then resume it.`
  }
  return ACTIVE.includes(status)
    ? `Run ${id} is already ${status}. Wait until it has ended.`
    : `Run ${id} cannot be ${command === 'pause' ? 'paused' : 'stopped'} because it is ${status}, not active.`
}
