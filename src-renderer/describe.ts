import {
  mdiAlertCircleOutline,
  mdiCheckCircleOutline,
  mdiClockOutline,
  mdiFlashAlertOutline,
  mdiPauseCircleOutline,
  mdiPlayCircleOutline,
  mdiProgressClock,
  mdiStopCircleOutline,
} from '@mdi/js'
import type { EngineReport } from '../src-main/contract/engine.js'
import { ACTIVE, RESUMABLE, type RunStatus, type RunSummary } from '../src-main/contract/runs.js'

/** Engine and device in three words. */
export const engineTitle = ({ engine, device }: EngineReport): string =>
  engine === 'portable' ? 'Portable engine' : `Native engine, ${device.toUpperCase()}`

export interface StatusLook {
  label: string
  icon: string
  color: 'primary' | 'success' | 'warning' | 'error' | undefined
}

const LOOKS: Record<RunStatus, StatusLook> = {
  queued: { label: 'queued', icon: mdiClockOutline, color: undefined },
  starting: { label: 'starting', icon: mdiProgressClock, color: 'primary' },
  running: { label: 'running', icon: mdiPlayCircleOutline, color: 'primary' },
  pausing: { label: 'pausing', icon: mdiPauseCircleOutline, color: 'primary' },
  paused: { label: 'paused', icon: mdiPauseCircleOutline, color: 'warning' },
  stopping: { label: 'stopping', icon: mdiStopCircleOutline, color: 'primary' },
  stopped: { label: 'stopped', icon: mdiStopCircleOutline, color: undefined },
  finished: { label: 'finished', icon: mdiCheckCircleOutline, color: 'success' },
  failed: { label: 'failed', icon: mdiAlertCircleOutline, color: 'error' },
  diverged: { label: 'diverged', icon: mdiFlashAlertOutline, color: 'error' },
  interrupted: { label: 'interrupted', icon: mdiAlertCircleOutline, color: 'warning' },
}

export const statusLook = (status: RunStatus): StatusLook => LOOKS[status]

/** Which commands a run takes in a status. */
export const commandsOf = (status: RunStatus): { pause: boolean; resume: boolean; stop: boolean } => ({
  pause: status === 'running' || status === 'starting',
  resume: RESUMABLE.includes(status),
  stop: status === 'queued' || status === 'paused' || status === 'running' || status === 'starting',
})

/** No more points come, unless someone resumes it. */
export const isEnded = (status: RunStatus): boolean => ['finished', 'stopped', 'failed', 'diverged'].includes(status)
export const isActive = (status: RunStatus): boolean => ACTIVE.includes(status)

/** Progress as a fraction 0..1. */
export const progressOf = ({ step, totalSteps }: Pick<RunSummary, 'step' | 'totalSteps'>): number =>
  totalSteps > 0 ? Math.min(1, step / totalSteps) : 0

/** The loss to show in a row: the test set's where it was measured. */
export const latestLoss = ({ latest }: Pick<RunSummary, 'latest'>): number | undefined => latest['test/loss'] ?? latest['train/loss']
