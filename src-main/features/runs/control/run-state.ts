import { ACTIVE, type RunStatus, type RunSummary } from '../../../contract/runs.js'
import type { TrainerExit, TrainerOutcome } from './trainers.js'

/** Which state follows which: every rule about the life of a run is here, and nothing else is. */

export type RunCommand = 'pause' | 'resume' | 'stop'

/** A state that is missing refuses the command; one that names itself has nothing left to do. */
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

/** The state to which the command leads; null when it cannot be given in this state. */
export const afterCommand = (status: RunStatus, command: RunCommand): RunStatus | null => COMMANDS[command][status] ?? null

/** A trainer has begun to train; a command that came before stays in force. */
export const afterStart = (status: RunStatus): RunStatus => (status === 'starting' ? 'running' : status)

/** A trainer has ended as it should. One that was asked to pause and then to stop may answer either. */
export function afterEnd(status: RunStatus, outcome: TrainerOutcome): RunStatus {
  if (outcome !== 'paused' && outcome !== 'interrupted') return outcome
  if (status === 'stopping') return 'stopped'
  // The user's own wish came first.
  return status === 'pausing' ? 'paused' : outcome
}

/** A trainer's process has ended without a word; one that was killed for not obeying has been paused or stopped all the same. */
export function afterExit(status: RunStatus, { reason, overdue, interrupted = false }: TrainerExit): RunStatus {
  const obeyed = overdue || interrupted || reason === null
  if (obeyed && status === 'pausing') return 'paused'
  if (obeyed && status === 'stopping') return 'stopped'
  return interrupted ? 'interrupted' : 'failed'
}

/** Why a run is interrupted whose trainer somebody else asked to end; its last checkpoint is at that step. */
export const describeInterruption = (step: number): string =>
  `The trainer was terminated by the system or another program, for example by a shutdown, a logout or a time limit. Resume this run from step ${step}.`

/** Why the command cannot be given to the run, and what can be done instead. */
export function refusal({ id, status }: RunSummary, command: RunCommand): string {
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
