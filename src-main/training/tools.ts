import { isUserError } from '../contract/errors.js'
import type { ToolReport, ToolRequest } from '../contract/tools.js'
import { openEngine } from '../engine/open.js'

export interface ToolResult {
  ok: boolean
  text: string[]
  result: Record<string, unknown>
}

/** Told what it does now, and how far it is, 0 to 1, where that is known. */
export type ToolProgress = (message: string, fraction?: number) => void

const send = (report: ToolReport): Promise<void> =>
  new Promise((resolve, reject) => process.send!(report, undefined, undefined, (error) => (error ? reject(error) : resolve())))

/** Runs a tool and answers over the channel. */
export async function runTool(request: ToolRequest): Promise<void> {
  // Nobody waits for the answer any more.
  process.on('disconnect', () => process.exit(1))
  try {
    const { report } = await openEngine()
    const result = await dispatch(
      request,
      (message, fraction) => void send({ kind: 'progress', message, ...(fraction === undefined ? {} : { fraction }) }),
    )
    await send({ kind: 'result', ...result, result: { ...result.result, engine: report } })
  } catch (error) {
    if (!isUserError(error)) throw error
    await send({ kind: 'error', code: error.code, message: error.message })
  }
}

async function dispatch({ tool, request }: ToolRequest, progress: ToolProgress): Promise<ToolResult> {
  switch (tool) {
    case 'parity':
      return (await import('./tools/parity.js')).parity(request, progress)
    case 'bench-step':
      return (await import('./tools/bench-step.js')).benchStep(request, progress)
    case 'evaluate':
      return (await import('./tools/evaluate.js')).evaluateCheckpoint(request, progress)
    case 'speed':
      return (await import('./tools/speed.js')).measureSpeed(progress)
  }
}
