import { keepToOwner } from '../durable/own-files.js'
import { ToolRequestSchema } from '../contract/tools.js'
import { isUserError } from '../contract/errors.js'
import { openEngine } from '../engine/open.js'
import { findSound, LeaseLost } from './checkpoint.js'
import { connectToHost, type HostLink } from './link.js'
import type { Job } from './messages.js'
import { runTool } from './tools.js'

/**
 * A compute process: one run (`--run ID --lease N`, the job comes over the channel), one tool (`--tool NAME JSON`), or the instruments of
 * the lab (`--lab`, requests come over the channel). Only this process loads TensorFlow, so that neither a crash of the native library nor
 * a long call into it affects the workbench.
 */
async function main(args: string[]): Promise<void> {
  keepToOwner()
  const [kind, name, request] = args
  if (kind === '--tool') return runTool(ToolRequestSchema.parse({ tool: name, request: JSON.parse(request ?? 'null') }))
  if (kind === '--lab') return (await import('./lab-process.js')).serveLooks()
  const link = connectToHost()
  try {
    await trainRun(link)
  } catch (error) {
    // The trainer that took over the run reports on it from now on.
    if (error instanceof LeaseLost) return
    if (!isUserError(error)) throw error
    link.report({ kind: 'ended', outcome: 'failed', reason: error.message, result: null })
  } finally {
    // Also before a defect ends the process, because what it measured until then is most valuable.
    await link.drain()
  }
}

async function trainRun(link: HostLink): Promise<void> {
  const { job, fromStep } = await passDamaged(await link.job(), link)
  const terminated = (): boolean => link.wanted === 'terminated'
  link.report({ kind: 'phase', phase: 'starting the engine' })
  const { report } = await openEngine()
  link.report({ kind: 'engine', report })
  if (terminated()) return link.report(endedBeforeBegin)
  link.report({ kind: 'phase', phase: 'loading data' })
  if (job.datasetHash === null)
    link.report({
      kind: 'log',
      at: Date.now(),
      level: 'warn',
      message: 'this run did not record the hash of its data set, so it cannot be verified that the data are unchanged',
    })
  const [{ registerOwnDynamics, requireSameText }, { openRunData }, { train }] = await Promise.all([
    import('./own-dynamics/register.js'),
    import('./open-run-data.js'),
    import('./train.js'),
  ])
  registerOwnDynamics()
  requireSameText(job.config.arch, job.dynamics)
  const data = await openRunData(job, fromStep, new URL('./batch-worker.js', import.meta.url))
  try {
    link.report(terminated() ? endedBeforeBegin : { kind: 'ended', ...(await train(job, data, link)) })
  } finally {
    await data.close()
  }
}

/** The last checkpoint already has everything that could be saved. */
const endedBeforeBegin = { kind: 'ended', outcome: 'interrupted', reason: null, result: null } as const

/** The job with the newest undamaged checkpoint; damaged ones are reported to the host. */
async function passDamaged(job: Job, link: HostLink): Promise<{ job: Job; fromStep: number }> {
  if (job.resumeFrom === null) return { job, fromStep: 0 }
  const { file, step, damaged } = await findSound(job.checkpointFolder, [job.resumeFrom, ...job.olderCheckpoints])
  for (const each of damaged) link.report({ kind: 'damaged', at: Date.now(), goesOnFrom: step, ...each })
  return { job: { ...job, resumeFrom: file }, fromStep: step }
}

await main(process.argv.slice(2))
// The worker threads of the engine would keep the process alive; everything that matters has been written and reported.
process.exit(0)
