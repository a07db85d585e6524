import type { WorkOf } from '../../contract/studies.js'
import type { Silence } from '../shared/silence.js'
import { CellWorker, type CellWorkerPorts } from './cell-worker.js'

/** Solves problems in double precision, in a thread of its own. */
export interface Computer {
  /** @throws UserError when the options are wrong, the revision is not the present one, or the thread ended */
  compute(
    work: WorkOf<'computation'>,
    on: { onProgress(progress: number | null, message: string): void; signal: AbortSignal },
  ): Promise<Record<string, unknown>>
}

/**
 * Computes cells of studies one at a time: beside runs, which they do not disturb by more than a core, and never beside a measurement, which
 * they would.
 */
export const createComputations = (
  ports: CellWorkerPorts & { silence: Silence; computer: Computer },
  queue: 'run' | 'hold',
): CellWorker<'computation'> => {
  const { silence, computer } = ports
  const worker = new CellWorker<'computation'>(ports, queue, {
    kind: 'computation',
    verb: 'Computing',
    enter() {
      const release = silence.compute()
      // One cell each time, so that a measurement that waits comes next.
      return (
        release &&
        ((next) =>
          next()
            .then(() => undefined)
            .finally(release))
      )
    },
    perform: (work, on) => computer.compute(work, on),
  })
  silence.whenOver(() => worker.pump())
  return worker
}
