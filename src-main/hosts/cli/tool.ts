import { fork } from 'node:child_process'
import { UserError } from '../../contract/errors.js'
import { ToolReportSchema, type ToolReport, type ToolRequest } from '../../contract/tools.js'
import { signalStatus } from '../signals.js'
import { ExitStatus, type Context } from './context.js'

type ToolResult = Extract<ToolReport, { kind: 'result' }>

/** Last lines of what the tool wrote to standard error, for the reason of its end. */
const TAIL = 2000

/**
 * Runs a tool in a process of its own, a trainer's program in the engine's environment, and answers its result.
 * @throws UserError the tool's own, or that it died
 */
export async function runTool({ tool, request }: ToolRequest, env: NodeJS.ProcessEnv, context: Context): Promise<ToolResult> {
  const child = fork(context.trainerEntry, ['--tool', tool, JSON.stringify(request)], {
    env,
    serialization: 'advanced',
    // Its standard output must not mix with the result.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let tail = ''
  child.stderr?.on('data', (data: Buffer) => (tail = (tail + data.toString()).slice(-TAIL)))
  let ended = false
  void context.end.then(() => !ended && child.kill('SIGKILL'))

  let last: ToolReport | undefined
  let broken: unknown
  child.on('message', (message) => {
    const report = ToolReportSchema.safeParse(message)
    if (!report.success) broken = report.error
    else if (report.data.kind !== 'progress') last = report.data
    else if (context.progress) context.progress(report.data.message)
    else context.note(report.data.message)
  })
  const status = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ?? code ?? -1))
  })
  ended = true
  if (context.progress) context.note('')
  if (broken !== undefined) throw broken
  if (last?.kind === 'error') throw new UserError(last.code, last.message)
  if (last?.kind === 'result') return last
  const signal = await Promise.race([context.end, Promise.resolve(null)])
  if (signal) throw new ExitStatus(signalStatus(signal))
  const lines = tail.trim().split('\n').slice(-3).join(' | ')
  throw new UserError('INTERNAL', `The process that ran ${tool} ended with ${status} before its result${lines ? `: ${lines}` : '.'}`)
}
