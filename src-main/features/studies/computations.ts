import type { WorkOf } from '../../contract/studies.js'
import type { Silence } from '../shared/silence.js'
import { CellWorker, type CellWorkerPorts } from './cell-worker.js'

/** Solves problems in double precision, in a thread of its own. */
export interface Computer {
  /** @throws UserError if the options are invalid, the revision is not the current one, or the thread ended */
  compute(
    work: WorkOf<'computation'>,
    on: { onProgress(progress: number | null, message: string): void; signal: AbortSignal },
  ): Promise<Record<string, unknown>>
}

/**
 * Processes computation cells of studies one at a time: concurrently with runs, which they slow down by at most one core, but never during
 * a measurement, which they would disturb.
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
      // One cell at a time, so that a waiting measurement comes next.
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
