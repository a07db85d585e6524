import type { Change } from '../../contract/changes.js'
import type { RunSummary } from '../../contract/runs.js'
import { ACTIVE } from '../../contract/runs.js'
import { signalStatus } from '../../processes/end-request.js'
import { readValue } from '../../contract/metrics.js'
import type { Context } from './context.js'
import { decimal, duration, percent } from './format.js'
import { describeReported } from './reported.js'
import type { Workbench } from './workbench.js'

/** Test accuracy of the last evaluation or, once the run has finished, the final one. */
function testAccuracy(run: RunSummary): string {
  if (run.status === 'finished' && run.reported) return `test accuracy ${describeReported(run)}`
  const last = readValue(run, 'test/accuracy', 'last')
  return last === undefined ? '' : `last test accuracy ${percent(last)}`
}

/** The progress of a run in one line. */
function describeProgress(run: RunSummary): string {
  const { status, phase, step, totalSteps, latest, remainingSeconds } = run
  const parts = [
    status === 'running' || status === 'starting' ? (phase ?? status) : status,
    `step ${step}/${totalSteps}`,
    'train/loss' in latest ? `training loss ${decimal(latest['train/loss'])}` : '',
    'validation/accuracy' in latest ? `validation accuracy ${percent(latest['validation/accuracy'])}` : '',
    testAccuracy(run),
    'train/imagesPerSecond' in latest ? `${Math.round(latest['train/imagesPerSecond'] ?? 0)} images/s` : '',
    remainingSeconds === null ? '' : `${duration(remainingSeconds)} left`,
  ]
  return parts.filter((part) => part !== '').join('  ')
}

const LINE_MS = 10_000

/**
 * Shows a run's progress until no trainer is working on it and none will. Ctrl+C stops the run with a checkpoint, and a second one exits
 * immediately; a run on a cluster goes on instead.
 * @returns the run in its final state, and the exit status
 */
export async function followRun({ client }: Workbench, context: Context, id: string): Promise<{ run: RunSummary; status: number }> {
  // Fetch the state first and then subscribe from its sequence number, so that no change is missed.
  const { seq } = await client.runs.series.query({ id, keys: [] })
  let run: RunSummary = await client.runs.get.query({ id })
  let lastLine = -Infinity
  let lastState = ''
  const show = (): void => {
    if (context.progress) return context.progress(describeProgress(run))
    const state = `${run.status} ${run.phase}`
    if (state === lastState && performance.now() - lastLine < LINE_MS) return
    lastState = state
    lastLine = performance.now()
    context.note(describeProgress(run))
  }
  const over = (): boolean => run.status !== 'queued' && !ACTIVE.includes(run.status)

  const goesOn = (await client.cluster.placeOf.query({ id })) !== null
  let leave: () => void = () => undefined
  let interrupted: NodeJS.Signals | null = null
  void context.end.then((signal) => {
    interrupted = signal
    if (over()) return
    if (goesOn) {
      context.note(`Run ${id} goes on, on the cluster: \`retrace cluster jobs\` shows it, and \`retrace runs stop ${id}\` stops it.`)
      return leave()
    }
    context.note('Stopping: the run writes a checkpoint first. Press Ctrl+C again to exit immediately.')
    // The run may just have ended on its own, and then there is nothing to stop.
    client.runs.stop.mutate({ id }).catch((error: unknown) => context.note(error instanceof Error ? error.message : String(error)))
  })

  show()
  if (!over())
    await new Promise<void>((resolve, reject) => {
      leave = resolve
      const subscription = client.changes.subscribe(
        { lastEventId: seq, detailOf: [] },
        {
          onData({ data }) {
            const change = data as Change
            if (change.kind === 'run' && change.run.id === id) run = change.run
            else if (change.kind === 'runRemoved' && change.runId === id) run = { ...run, status: 'failed', reason: 'The run was removed.' }
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
