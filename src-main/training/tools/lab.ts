import type { LabRequest, LabResult } from '../../contract/lab.js'
import type { LabContext } from '../../lab/diagnostic.js'
import { findDiagnostic } from '../../lab/registry.js'
import { completeOptions } from '../../lab/complete-options.js'
import { estimateSeconds, runDiagnostic, timedSeconds } from '../../lab/run.js'
import { openLabSubject } from '../lab-subject.js'
import type { ToolProgress, ToolResult } from '../tool-result.js'

/**
 * Runs a diagnostic of the lab on the weights of a checkpoint or the initial ones of a configuration. It must not change the weights, which
 * is checked.
 */
export async function runLab({ diagnostic: id, source, options: asked, speed }: LabRequest, progress: ToolProgress): Promise<ToolResult> {
  const diagnostic = findDiagnostic(id)
  const options = completeOptions(diagnostic, asked)
  progress(source.kind === 'checkpoint' ? 'reading the checkpoint' : 'making the network')
  const subject = await openLabSubject(source, { speed })
  const before = subject.hash()
  const context: LabContext<typeof options> = { ...subject.context, options }
  try {
    if (diagnostic.refuse(context, options) === null) {
      const expected = estimateSeconds(diagnostic, context, options) ?? timedSeconds(diagnostic, context, options)
      progress(`about ${Math.max(1, Math.round(expected))} s`, 0)
    }
    const running = runDiagnostic(diagnostic, context)
    let next = await running.next()
    for (; !next.done; next = await running.next()) {
      progress(next.value.message, next.value.fraction)
      // Lets the report leave, and a disconnection be noticed.
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (subject.hash() !== before) throw new Error(`the diagnostic ${id} has changed the weights that it looked at`)
    const { step } = context
    const { arch, preset, dataset, seed } = context.config
    const result: LabResult = { ...next.value, subject: { arch, preset, dataset, seed, step, weightsHash: before } }
    return { ok: true, text: [], result }
  } finally {
    await subject.close()
  }
}
