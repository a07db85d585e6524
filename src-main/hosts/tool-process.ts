import { fork, type ChildProcess } from 'node:child_process'
import { UserError } from '../contract/errors.js'
import { wasAskedToEnd } from '../processes/end-request.js'
import { guarded } from '../processes/guarded.js'
import { ToolReportSchema, type ToolReport, type ToolRequest } from '../contract/tools.js'

export type ToolResult = Extract<ToolReport, { kind: 'result' }>
export type ToolProgressReport = Extract<ToolReport, { kind: 'progress' }>

/** Number of characters kept from the end of the tool's standard error, for error messages. */
const TAIL = 2000

export interface ToolOptions {
  /** Absolute path of the trainer program, which also runs the tools. */
  entry: string
  /** The engine's environment. */
  env: NodeJS.ProcessEnv
  onProgress(report: ToolProgressReport): void
  /** Kills the process; its reason is thrown. */
  signal: AbortSignal
}

/**
 * Starts the trainer program with a message channel. Its standard error becomes part of the error message if it fails.
 * @param failed receives defects in the handling of its messages
 * @returns the process, and the end of a sentence with its last lines
 */
export function forkQuietly(
  entry: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  failed: (error: unknown) => void,
): { child: ChildProcess; lastLines(): string } {
  const child = fork(entry, args, {
    env,
    serialization: 'advanced',
    // Its standard output must not mix with the result.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Without the options of this process, such as a debugger's port, which only one process can have.
    execArgv: [],
  })
  let tail = ''
  child.stderr?.on(
    'data',
    guarded(failed, (data: Buffer) => (tail = (tail + data.toString()).slice(-TAIL))),
  )
  const lastLines = (): string => {
    const lines = tail.trim().split('\n').slice(-3).join(' | ')
    return lines ? `: ${lines}` : '.'
  }
  return { child, lastLines }
}

/**
 * Runs a tool in a process of its own and returns its result.
 * @throws UserError of the tool, or when it died; the signal's reason when it was aborted
 */
export async function runToolProcess({ tool, request }: ToolRequest, { entry, env, onProgress, signal }: ToolOptions): Promise<ToolResult> {
  signal.throwIfAborted()
  let broken: unknown
  const failed = (error: unknown): void => void (broken ??= error)
  const { child, lastLines } = forkQuietly(entry, ['--tool', tool, JSON.stringify(request)], env, failed)
  const kill = guarded(failed, () => void child.kill('SIGKILL'))
  signal.addEventListener('abort', kill)

  let last: ToolReport | undefined
  child.on(
    'message',
    guarded(failed, (message) => {
      const report = ToolReportSchema.parse(message)
      if (report.kind === 'progress') onProgress(report)
      else last = report
    }),
  )
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
  if (wasAskedToEnd(status))
    throw new UserError(
      'UNAVAILABLE',
      `${tool} was terminated by the system or another program (${status}), for example during a shutdown. Run it again.`,
    )
  throw new UserError('INTERNAL', `The process of ${tool} ended with ${status} without a result${lastLines()}`)
}
