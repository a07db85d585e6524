import { isUserError } from '../contract/errors.js'
import type { ToolReport, ToolRequest } from '../contract/tools.js'
import { openEngine } from '../engine/open.js'

export interface ToolResult {
  ok: boolean
  text: string[]
  result: Record<string, unknown>
}

const send = (report: ToolReport): Promise<void> =>
  new Promise((resolve, reject) => process.send!(report, undefined, undefined, (error) => (error ? reject(error) : resolve())))

/** Runs a tool of the command line and answers over the channel. */
export async function runTool(request: ToolRequest): Promise<void> {
  try {
    const { report } = await openEngine()
    const result = await dispatch(request, (message) => void send({ kind: 'progress', message }))
    await send({ kind: 'result', ...result, result: { ...result.result, engine: report } })
  } catch (error) {
    if (!isUserError(error)) throw error
    await send({ kind: 'error', code: error.code, message: error.message })
  }
}

async function dispatch({ tool, request }: ToolRequest, progress: (message: string) => void): Promise<ToolResult> {
  switch (tool) {
    case 'parity':
      return (await import('./tools/parity.js')).parity(request, progress)
    case 'bench-step':
      return (await import('./tools/bench-step.js')).benchStep(request, progress)
    case 'speed':
      return (await import('./tools/speed.js')).measureSpeed(progress)
  }
}
