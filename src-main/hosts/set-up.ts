import { fork } from 'node:child_process'
import type { EngineReport } from '../contract/engine.js'
import { UserError } from '../contract/errors.js'
import type { SystemInfo } from '../contract/system.js'
import { wantedVariant } from '../engine/location.js'
import type { EngineInstaller } from '../features/home/engine-set-up.js'
import { guarded } from '../processes/guarded.js'
import { SetUpNewsSchema, type SetUpNews, type SetUpOrder } from '../setup/set-up-messages.js'
import { libraryRecipe } from '../setup/wheels.js'

/** Time limit for a cancelled set-up to clean up, in milliseconds. */
const PATIENCE = 10_000
const TAIL = 2000

/** The cost of setting up the faster engine here; null if it is running already, not wanted, or not available for this machine. */
export function setUpOffer(engine: EngineReport | null, env: NodeJS.ProcessEnv = process.env): SystemInfo['setUp'] {
  if (engine === null || engine.remedy === null || env.RETRACE_ENGINE === 'portable') return null
  const recipe = libraryRecipe(wantedVariant(env))
  return recipe && { downloadBytes: recipe.wheels.reduce((sum, { bytes }) => sum + bytes, 0) }
}

/**
 * Sets up the native engine in a process of its own.
 * @param entry absolute path of the built `set-up-process`
 */
export const createEngineInstaller = (entry: string): EngineInstaller => ({
  async install({ offline, onProgress, signal }) {
    signal.throwIfAborted()
    // `fork` runs Electron's binary as Node.
    const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
    let broken: unknown
    const failed = (error: unknown): void => {
      broken ??= error
      child.kill('SIGKILL')
    }
    let tail = ''
    child.stderr?.on(
      'data',
      guarded(failed, (data: Buffer) => (tail = (tail + data.toString()).slice(-TAIL))),
    )
    let overdue: NodeJS.Timeout | undefined
    const cancel = guarded(failed, () => {
      child.kill('SIGTERM')
      overdue = setTimeout(
        guarded(failed, () => child.kill('SIGKILL')),
        PATIENCE,
      )
    })
    signal.addEventListener('abort', cancel)
    let last: Exclude<SetUpNews, { kind: 'progress' }> | undefined
    child.on(
      'message',
      guarded(failed, (message) => {
        const news = SetUpNewsSchema.parse(message)
        if (news.kind === 'progress') onProgress(news.progress, news.message)
        else last = news
      }),
    )
    let status: number | NodeJS.Signals
    try {
      status = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', (code, killed) => resolve(killed ?? code ?? -1))
        child.send({ offline: offline ?? null } satisfies SetUpOrder)
      })
    } finally {
      clearTimeout(overdue)
      signal.removeEventListener('abort', cancel)
    }
    if (broken !== undefined) throw broken
    if (last?.kind === 'done') return
    signal.throwIfAborted()
    if (last) throw new UserError('UNAVAILABLE', last.message)
    const lines = tail.trim().split('\n').slice(-3).join(' | ')
    throw new UserError('INTERNAL', `The set-up of the engine ended with ${status}${lines ? ` (${lines})` : ''}. Try again.`)
  },
})
