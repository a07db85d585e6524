import type { BenchStepRequest } from '../../contract/tools.js'
import type { RunControl } from '../runs/control/run-control.js'
import type { Silence } from '../shared/silence.js'
import { CellWorker, type CellWorkerPorts } from './cell-worker.js'

/** Times and weighs training steps, in a process of its own. */
export interface Measurer {
  /** @throws UserError when the request is wrong, or the process ended */
  measure(
    request: BenchStepRequest,
    on: { onProgress(progress: number | null, message: string): void; signal: AbortSignal },
  ): Promise<Record<string, unknown>>
}

/**
 * Makes the measurements of studies one at a time, when neither a run nor a computation is at work: beside one, a step would seem slow. Queued
 * runs and computations wait meanwhile.
 */
export const createMeasurements = (
  ports: CellWorkerPorts & { control: RunControl; silence: Silence; measurer: Measurer },
  queue: 'run' | 'hold',
): CellWorker<'measurement'> => {
  const { control, silence, measurer } = ports
  return new CellWorker(ports, queue, {
    kind: 'measurement',
    verb: 'Measuring',
    enter: () => async (next) => {
      control.hold('study', true)
      try {
        await control.idle()
        // Only now: computations may go on for as long as runs are at work.
        const release = await silence.keep()
        try {
          while (await next());
        } finally {
          release()
        }
      } finally {
        control.hold('study', false)
      }
    },
    perform: ({ request }, on) => measurer.measure(request, on),
  })
}
