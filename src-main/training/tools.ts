import { isUserError } from '../contract/errors.js'
import type { ToolReport, ToolRequest } from '../contract/tools.js'
import { leaveSignalsToHost, openOutbox } from '../processes/child.js'
import { openEngine } from '../engine/open.js'
import { registerOwnDynamics } from './own-dynamics/register.js'
import type { ToolProgress, ToolResult } from './tool-result.js'

/** Runs a tool and sends its result over the channel. */
export async function runTool(request: ToolRequest): Promise<void> {
  const outbox = openOutbox()
  const send = (report: ToolReport): void => outbox.send(report)
  // No handler for SIGTERM: a tool leaves nothing behind, and the host recognises its end by the signal.
  leaveSignalsToHost()
  // Nobody is waiting for the answer any more.
  process.on('disconnect', () => process.exit(1))
  try {
    const { report } = await openEngine()
    registerOwnDynamics()
    const result = await dispatch(request, (message, fraction) =>
      send({ kind: 'progress', message, ...(fraction === undefined ? {} : { fraction }) }),
    )
    send({ kind: 'result', ...result, result: { ...result.result, engine: report } })
  } catch (error) {
    if (!isUserError(error)) throw error
    send({ kind: 'error', code: error.code, message: error.message })
  } finally {
    await outbox.drain()
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
    case 'predict':
      return (await import('./tools/predict.js')).predictImage(request, progress)
    case 'fit-image':
      return (await import('./tools/fit-image.js')).fitImage(request, progress)
    case 'lab':
      return (await import('./tools/lab.js')).runLab(request, progress)
    case 'export-onnx':
      return (await import('./tools/export-onnx.js')).exportOnnx(request, progress)
    case 'check-dynamics':
      return (await import('./tools/check-dynamics.js')).checkDynamics(request, progress)
    case 'speed':
      return (await import('./tools/speed.js')).measureSpeed(progress)
  }
}
