import { fork } from 'node:child_process'
import { UserError } from '../contract/errors.js'
import { ToolReportSchema, type ToolReport, type ToolRequest } from '../contract/tools.js'

export type ToolResult = Extract<ToolReport, { kind: 'result' }>
export type ToolProgressReport = Extract<ToolReport, { kind: 'progress' }>

/** Last characters of what the tool wrote to standard error, for the reason of its end. */
const TAIL = 2000

export interface ToolOptions {
  /** Absolute path of the trainer's program, which runs the tools as well. */
  entry: string
  /** The engine's environment. */
  env: NodeJS.ProcessEnv
  onProgress(report: ToolProgressReport): void
  /** Kills the process; its reason is thrown. */
  signal: AbortSignal
}

/**
 * Runs a tool in a process of its own and answers its result.
 * @throws UserError the tool's own, or that it died; the signal's reason when it was aborted
 */
export async function runToolProcess({ tool, request }: ToolRequest, { entry, env, onProgress, signal }: ToolOptions): Promise<ToolResult> {
  signal.throwIfAborted()
  const child = fork(entry, ['--tool', tool, JSON.stringify(request)], {
    env,
    serialization: 'advanced',
    // Its standard output must not mix with the result.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Not those of this process, such as a debugger's port, which only one process can have.
    execArgv: [],
  })
  let tail = ''
  child.stderr?.on('data', (data: Buffer) => (tail = (tail + data.toString()).slice(-TAIL)))
  const kill = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', kill)

  let last: ToolReport | undefined
  let broken: unknown
  child.on('message', (message) => {
    const report = ToolReportSchema.safeParse(message)
    if (!report.success) broken = report.error
    else if (report.data.kind === 'progress') onProgress(report.data)
    else last = report.data
  })
  let status: number | NodeJS.Signals
  try {
    status = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, killed) => resolve(killed ?? code ?? -1))
    })
  } finally {
    signal.removeEventListener('abort', kill)
  }
  if (broken !== undefined) throw broken
  if (last?.kind === 'error') throw new UserError(last.code, last.message)
  if (last?.kind === 'result') return last
  signal.throwIfAborted()
  const lines = tail.trim().split('\n').slice(-3).join(' | ')
  throw new UserError('INTERNAL', `The process that ran ${tool} ended with ${status} before its result${lines ? `: ${lines}` : '.'}`)
}
