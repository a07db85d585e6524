import type { Change } from '../../contract/changes.js'
import { signalStatus } from '../../processes/end-request.js'
import { ExitStatus, type Context } from './context.js'
import type { Workbench } from './workbench.js'

export interface FollowedTask {
  /** Id of the task whose progress is shown. */
  id: string
  /** Show changes after this sequence number; null shows only new changes. */
  after?: number | null
  /** Whether messages are few enough to be printed when no line can be rewritten. */
  tellsSteps?: boolean
  /** Called when the user ends the command during the task. The work then fails, which ends the command. */
  cancel(): Promise<unknown>
}

/**
 * Shows the progress of long-running work on the terminal; Ctrl+C cancels it.
 * @param work calls `begin` with the work of the task
 * @throws ExitStatus when the user ended the command
 */
export async function followTask<T>(
  context: Context,
  { client }: Workbench,
  { id, after = null, tellsSteps = false, cancel }: FollowedTask,
  work: (begin: <R>(task: () => Promise<R>) => Promise<R>) => Promise<T>,
): Promise<T> {
  let shown = ''
  const watch = client.changes.subscribe(
    { lastEventId: after, detailOf: [] },
    {
      onData({ data }) {
        const change = data as Change
        if (change.kind !== 'task' || change.task.id !== id || change.task.state !== 'running') return
        const { progress, message } = change.task
        const line = [progress === null ? '' : `${Math.floor(progress * 100)}%`, message].filter((part) => part !== '').join('  ')
        if (context.progress) context.progress(line)
        else if (tellsSteps && message !== shown) context.note((shown = message))
      },
    },
  )
  let ended: NodeJS.Signals | null = null
  let begun = false
  void context.end.then((signal) => {
    ended = signal
    if (begun) cancel().catch(context.onDefect)
  })
  try {
    return await work((task) => {
      const signal = ended as NodeJS.Signals | null
      if (signal) throw new ExitStatus(signalStatus(signal))
      begun = true
      return task()
    })
  } catch (error) {
    if (ended) throw new ExitStatus(signalStatus(ended))
    throw error
  } finally {
    watch.unsubscribe()
    if (context.progress) context.note('')
  }
}
