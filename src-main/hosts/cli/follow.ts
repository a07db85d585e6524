import type { Change } from '../../contract/changes.js'
import type { RunSummary } from '../../contract/runs.js'
import { ACTIVE } from '../../contract/runs.js'
import { signalStatus } from '../signals.js'
import type { Context } from './context.js'
import { decimal, duration, percent } from './format.js'
import type { Workbench } from './workbench.js'

/** One line on how a run is doing. */
export function describeProgress({ status, phase, step, totalSteps, latest, remainingSeconds }: RunSummary): string {
  const accuracy = latest['validation/accuracy'] ?? latest['test/accuracy']
  const parts = [
    status === 'running' || status === 'starting' ? (phase ?? status) : status,
    `step ${step}/${totalSteps}`,
    'train/loss' in latest ? `loss ${decimal(latest['train/loss'])}` : '',
    accuracy === undefined ? '' : `accuracy ${percent(accuracy)}`,
    'train/imagesPerSecond' in latest ? `${Math.round(latest['train/imagesPerSecond'] ?? 0)} images/s` : '',
    remainingSeconds === null ? '' : `${duration(remainingSeconds)} left`,
  ]
  return parts.filter((part) => part !== '').join('  ')
}

const LINE_MS = 10_000

/**
 * Shows a run's progress until no trainer works on it and none will. The user's wish to end stops the run with a
 * checkpoint; a second one leaves at once.
 * @returns the run as it ended, and the exit status
 */
export async function followRun({ client }: Workbench, context: Context, id: string): Promise<{ run: RunSummary; status: number }> {
  // The state first, then what follows its number: nothing can be missed between the two.
  const { seq } = await client.runs.series.query({ id, keys: [] })
  let run: RunSummary = await client.runs.get.query({ id })
  let lastLine = 0
  let lastState = ''
  const show = (): void => {
    if (context.progress) return context.progress(describeProgress(run))
    const state = `${run.status} ${run.phase}`
    if (state === lastState && Date.now() - lastLine < LINE_MS) return
    lastState = state
    lastLine = Date.now()
    context.note(describeProgress(run))
  }
  const over = (): boolean => run.status !== 'queued' && !ACTIVE.includes(run.status)

  let interrupted: NodeJS.Signals | null = null
  void context.end.then((signal) => {
    interrupted = signal
    if (over()) return
    context.note('Stopping: the run writes a checkpoint first. Ctrl+C again ends at once.')
    // It may have ended by itself in this moment; then there is nothing to stop.
    client.runs.stop.mutate({ id }).catch((error: unknown) => context.note(error instanceof Error ? error.message : String(error)))
  })

  show()
  if (!over())
    await new Promise<void>((resolve, reject) => {
      const subscription = client.changes.subscribe(
        { lastEventId: seq, detailOf: [] },
        {
          onData({ data }) {
            const change = data as Change
            if (change.kind === 'run' && change.run.id === id) run = change.run
            else if (change.kind === 'runRemoved' && change.runId === id)
              run = { ...run, status: 'failed', reason: 'It was removed meanwhile.' }
            else return
            show()
            if (!over()) return
            subscription.unsubscribe()
            resolve()
          },
          onError: reject,
          onStopped: () => reject(new Error('The stream of changes ended unexpectedly.')),
        },
      )
    })
  if (context.progress) context.note('')
  if (run.reason !== null) context.note(`Run ${id} ${run.status}: ${run.reason}`)
  const status = run.status === 'finished' ? 0 : interrupted === null ? 1 : signalStatus(interrupted)
  return { run, status }
}
