import { ToolRequestSchema } from '../contract/tools.js'
import { isUserError } from '../contract/errors.js'
import { openEngine } from '../engine/open.js'
import { LeaseLost } from './checkpoint.js'
import { connectToHost, type HostLink } from './link.js'
import { runTool } from './tools.js'

/**
 * A process that computes: one run (`--run ID --lease N`, the job comes over the channel) or one tool (`--tool NAME JSON`).
 * It alone loads TensorFlow, so that no crash of the native library, and no long call into it, reaches the workbench.
 */
async function main(args: string[]): Promise<void> {
  const [kind, name, request] = args
  if (kind === '--tool') return runTool(ToolRequestSchema.parse({ tool: name, request: JSON.parse(request ?? 'null') }))
  const link = connectToHost()
  try {
    await trainRun(link)
  } catch (error) {
    // Whoever took the run over reports on it from now on.
    if (error instanceof LeaseLost) return
    if (!isUserError(error)) throw error
    link.report({ kind: 'ended', outcome: 'failed', reason: error.message, result: null })
    await link.drain()
  }
}

async function trainRun(link: HostLink): Promise<void> {
  const job = await link.job()
  link.report({ kind: 'phase', phase: 'starting the engine' })
  const { report } = await openEngine()
  link.report({ kind: 'engine', report })
  link.report({ kind: 'phase', phase: 'loading data' })
  const [{ openRunData }, { train }] = await Promise.all([import('./open-run-data.js'), import('./train.js')])
  const data = await openRunData(job, new URL('./batch-worker.js', import.meta.url))
  try {
    link.report({ kind: 'ended', ...(await train(job, data, link)) })
  } finally {
    await data.close()
  }
  await link.drain()
}

await main(process.argv.slice(2))
// The worker threads of the engine would keep the process; everything that matters is written and reported.
process.exit(0)
