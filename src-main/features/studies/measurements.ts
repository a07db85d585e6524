import type { BenchStepRequest } from '../../contract/tools.js'
import type { RunControl } from '../runs/control/run-control.js'
import type { Silence } from '../shared/silence.js'
import { CellWorker, type CellWorkerPorts } from './cell-worker.js'

/** Measures time and memory of training steps, in a process of its own. */
export interface Measurer {
  /** @throws UserError if the request is invalid, or the process ended */
  measure(
    request: BenchStepRequest,
    on: { onProgress(progress: number | null, message: string): void; signal: AbortSignal },
  ): Promise<Record<string, unknown>>
}

/**
 * Processes measurements of studies one at a time, while neither a run nor a computation is active: otherwise a step would appear slow.
 * Queued runs and computations wait meanwhile.
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
        // Only now, because computations may continue as long as runs are active.
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
