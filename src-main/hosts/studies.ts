import { totalmem } from 'node:os'
import type { Measurer } from '../features/studies/measurements.js'
import type { StudyTemplates } from '../features/studies/study-templates.js'
import type { Awaitable } from '../features/shared/clock.js'
import { runToolProcess } from './tool-process.js'

// Templates estimate networks, for which they load tensors: a host needs that only when a study is looked at.
const registry = () => import('../studies/registry.js')
const running = () => import('../studies/run.js')

/** The templates of this program, as the features want them. */
export const templates: StudyTemplates = {
  list: async () => {
    const { allTemplates, describeTemplate } = await registry()
    return allTemplates().map(describeTemplate)
  },
  expand: async (id, options, home) => (await running()).expandTemplate(id, options, { ...home, memoryBytes: totalmem() }),
  report: async (id, options, outcomes, home) =>
    (await running()).reportTemplate(id, options, outcomes, { ...home, memoryBytes: totalmem() }),
}

/**
 * Measurements of training steps, each in a process of its own.
 * @param entry absolute path of the trainer's program
 * @param environment variables of a process that takes the whole machine
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
