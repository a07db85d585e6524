import { join } from 'node:path'
import { keepToOwner } from '../../durable/own-files.js'
import { describeFailure } from '../failure.js'
import { computeEnvironment } from '../engine.js'
import { runAgent } from './agent.js'

/** `agent.js ORDER`: trains one run in a job of a batch system. Its output goes to the log of the job and is only read by people. */
keepToOwner()
try {
  await runAgent({
    order: process.argv[2] ?? '',
    trainerEntry: join(import.meta.dirname, 'trainer.js'),
    environment: (threads) => ({
      ...computeEnvironment(),
      ...(threads !== null && { TF_NUM_INTRAOP_THREADS: String(threads), OMP_NUM_THREADS: String(threads) }),
    }),
    say: (sentence) => console.log(sentence),
  })
} catch (error) {
  console.error(describeFailure(error))
  process.exitCode = 1
}
