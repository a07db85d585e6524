import type { ToolRequest } from '../../contract/tools.js'
import { signalStatus } from '../../processes/end-request.js'
import { runToolProcess, type ToolResult } from '../tool-process.js'
import { ExitStatus, type Context } from './context.js'

/**
 * Runs a tool in a separate process (the trainer program in the engine's environment) and returns its result.
 * @throws UserError of the tool, or when the process died; ExitStatus when the user ended it
 */
export async function runTool(request: ToolRequest, env: NodeJS.ProcessEnv, context: Context): Promise<ToolResult> {
  const { end, note, progress, trainerEntry } = context
  const controller = new AbortController()
  void end.then((signal) => controller.abort(new ExitStatus(signalStatus(signal))))
  try {
    return await runToolProcess(request, {
      entry: trainerEntry,
      env,
      onProgress: ({ message }) => (progress ?? note)(message),
      signal: controller.signal,
    })
  } finally {
    if (progress) note('')
  }
}
