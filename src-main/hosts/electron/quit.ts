import type { BrowserWindow, Dialog } from 'electron'
import { hasTrainer, type RunSummary } from '../../contract/runs.js'

export type QuitDecision = 'quit' | 'background' | 'stay'

const BUTTONS = ['Stop and quit', 'Keep running in the background', 'Cancel']
const DECISIONS: readonly QuitDecision[] = ['quit', 'background', 'stay']

/** Asks what to do with active runs, if there are any. */
export async function decideQuit(
  runs: RunSummary[],
  dialog: Pick<Dialog, 'showMessageBox'>,
  window: BrowserWindow | null,
): Promise<QuitDecision> {
  const going = runs.filter(hasTrainer)
  const waiting = runs.filter(({ status }) => status === 'queued')
  const [first] = going
  if (!first) return 'quit'
  const options = {
    type: 'question' as const,
    buttons: BUTTONS,
    defaultId: 1,
    cancelId: 2,
    title: 'Retrace',
    message: going.length === 1 ? `The run "${first.name}" is still active.` : `${going.length} runs are still active.`,
    detail:
      'If you quit, active runs write a checkpoint and can be resumed later. In the background they continue without a window; start Retrace again to see them.' +
      (waiting.length > 0 ? `\n\n${waiting.length} more in the queue will wait until Retrace is started again.` : ''),
    noLink: true,
  }
  const { response } = window ? await dialog.showMessageBox(window, options) : await dialog.showMessageBox(options)
  return DECISIONS[response] ?? 'stay'
}
