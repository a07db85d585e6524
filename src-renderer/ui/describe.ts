import {
  mdiAlertCircleOutline,
  mdiAlertOutline,
  mdiCheckCircleOutline,
  mdiClockOutline,
  mdiFlashAlertOutline,
  mdiPauseCircleOutline,
  mdiPlayCircleOutline,
  mdiProgressClock,
  mdiStopCircleOutline,
} from '@mdi/js'
import type { EngineReport } from '../../src-main/contract/engine.js'
import { gradientVerdict } from '../../src-main/contract/gradients.js'
import { imagesOf, intervalOf, readValue, type Reading } from '../../src-main/contract/metrics.js'
import { ACTIVE, hasConfiguration, RESUMABLE, type RunStatus, type RunSummary } from '../../src-main/contract/runs.js'
import { formatCount, formatPercent } from './format.js'

/** Engine and device in a few words. */
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

/** Shown wherever such a run appears. */
export const UNTRUSTED = 'unreliable gradients'
export const isUntrusted = ({ gradients }: Pick<RunSummary, 'gradients'>): boolean => gradientVerdict(gradients) === 'not trustworthy'

/** The state shown in a run's row and on its page: a run with untrusted gradients is never simply finished. */
export function runLook(run: Pick<RunSummary, 'status' | 'gradients'>): StatusLook {
  const look = statusLook(run.status)
  return isUntrusted(run) ? { ...look, icon: mdiAlertOutline, color: look.color === 'error' ? 'error' : 'warning' } : look
}

/** The commands that a run accepts in its status; a run logged by another program accepts none. */
export const commandsOf = ({ preset, status }: Pick<RunSummary, 'preset' | 'status'>) => {
  const own = hasConfiguration({ preset })
  const resume = own && RESUMABLE.includes(status)
  return {
    pause: own && (status === 'running' || status === 'starting'),
    resume,
    /** Starts again from the beginning. */
    retry: resume,
    stop: own && (status === 'queued' || status === 'paused' || status === 'running' || status === 'starting'),
  }
}

/** Whether no more points will arrive unless the run is resumed. */
export const isEnded = (status: RunStatus): boolean => ['finished', 'stopped', 'failed', 'diverged'].includes(status)
export const isActive = (status: RunStatus): boolean => ACTIVE.includes(status)

/** Progress as a fraction, 0 to 1. */
export const progressOf = ({ step, totalSteps }: Pick<RunSummary, 'step' | 'totalSteps'>): number =>
  totalSteps > 0 ? Math.min(1, step / totalSteps) : 0

/** A 95% interval of an accuracy, formatted: "92.59–93.58%". */
export const intervalText = ([low, high]: readonly [number, number]): string => `${(low * 100).toFixed(2)}–${formatPercent(high)}`

type Read = Pick<RunSummary, 'latest' | 'best' | 'reported'>

/** "95% interval 92.59–93.58% (Wilson, 10,000 images)"; undefined if the number of images is unknown. */
export function intervalHint(run: Read, metric: string, reading: Reading): string | undefined {
  const interval = intervalOf(run, metric, reading)
  return interval ? `95% interval ${intervalText(interval)} (Wilson, ${formatCount(imagesOf(run, metric, reading))} images)` : undefined
}

/** The same, with the checkpoint that the value belongs to. */
export function accuracyHint(run: Read, metric: string, reading: Reading): string | undefined {
  if (readValue(run, metric, reading) === undefined) return undefined
  const step = reading === 'reported' ? run.reported?.step : null
  const parts = [typeof step === 'number' ? `checkpoint at step ${formatCount(step)}` : '', intervalHint(run, metric, reading) ?? '']
  return parts.filter(Boolean).join(', ') || undefined
}
