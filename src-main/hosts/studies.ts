import { totalmem } from 'node:os'
import { Worker } from 'node:worker_threads'
import { UserError } from '../contract/errors.js'
import type { Computer } from '../features/studies/computations.js'
import type { Measurer } from '../features/studies/measurements.js'
import type { StudyTemplates } from '../features/studies/study-templates.js'
import type { Awaitable } from '../features/shared/clock.js'
import { guarded } from '../processes/guarded.js'
import type { ComputeMessage } from '../studies/compute-worker.js'
import { runToolProcess } from './tool-process.js'

// Imported on first use: templates load tensors to estimate networks, which a host needs only for studies.
const registry = () => import('../studies/registry.js')
const running = () => import('../studies/run.js')

/** The templates of this program behind the port of the features. */
export const templates: StudyTemplates = {
  list: async () => {
    const { allTemplates, describeTemplate } = await registry()
    return allTemplates().map(describeTemplate)
  },
  expand: async (id, options, home) => (await running()).expandTemplate(id, options, { ...home, memoryBytes: totalmem() }),
  phases: async (id, options) => {
    const phases = (await running()).phasesOf(id, options)
    return phases && { ...phases, next: (outcomes, phase, home) => phases.next(outcomes, phase, { ...home, memoryBytes: totalmem() }) }
  },
  compared: async (id, options) => (await running()).comparedOf(id, options),
  report: async (id, options, outcomes, home) =>
    (await running()).reportTemplate(id, options, outcomes, { ...home, memoryBytes: totalmem() }),
}

/**
 * Measurements of training steps, each in a process of its own.
 * @param entry absolute path of the trainer program
 * @param environment variables of a process that uses the whole machine
 */
export function createMeasurer(entry: string, environment: () => Awaitable<Record<string, string | undefined>>): Measurer {
  return {
    async measure(request, { onProgress, signal }) {
      const env = { ...process.env, ...(await environment()) }
      const { result } = await runToolProcess(
        { tool: 'bench-step', request },
        { entry, env, onProgress: ({ message, fraction = null }) => onProgress(fraction, message), signal },
      )
      return result
    },
  }
}

/**
 * Computations, each in a thread of its own: the host stays responsive, and a computation is cancelled by ending its thread.
 * @param entry absolute path of the built `compute-worker`
 */
export function createComputer(entry: string): Computer {
  return {
    async compute(work, { onProgress, signal }) {
      signal.throwIfAborted()
      const worker = new Worker(entry, { workerData: work, name: 'compute', execArgv: [] })
      try {
        return await new Promise((resolve, reject) => {
          signal.addEventListener(
            'abort',
            guarded(reject, () => reject(signal.reason)),
          )
          worker.on(
            'message',
            guarded(reject, (message: ComputeMessage) => {
              if (message.kind === 'progress') onProgress(message.fraction, `${Math.floor(message.fraction * 100)}%`)
              else if (message.kind === 'result') resolve(message.result)
              else reject(new UserError(message.code, message.message))
            }),
          )
          worker.once('error', guarded(reject, reject))
          worker.once(
            'exit',
            guarded(reject, (code) =>
              reject(
                new UserError(
                  'INTERNAL',
                  `The thread of the computation ended with status ${code} and without a result. Resume the study.`,
                ),
              ),
            ),
          )
        })
      } finally {
        await worker.terminate()
      }
    },
  }
}
