import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { keepToOwner } from '../../durable/own-files.js'
import { replaceTextSync } from '../../durable/replace-file.js'
import { PROTOCOL } from '../../training/messages.js'
import { describeFailure } from '../failure.js'
import { computeEnvironment, currentEngine } from '../engine.js'
import { runAgent } from './agent.js'

/**
 * `agent.js ORDER` works on one run in a job of a batch system; `agent.js --check FOLDER` tells there what this node has. What it prints goes into
 * the log of the job, for people alone.
 */
async function main([first = '', second = '']: string[]): Promise<void> {
  keepToOwner()
  if (first === '--check') return check(second)
  await runAgent({
    order: first,
    trainerEntry: join(import.meta.dirname, 'trainer.js'),
    environment: (threads) => ({
      ...computeEnvironment(),
      ...(threads !== null && { TF_NUM_INTRAOP_THREADS: String(threads), OMP_NUM_THREADS: String(threads) }),
    }),
    say: (sentence) => console.log(sentence),
  })
}

function check(folder: string): void {
  const token = readFileSync(join(folder, 'token'), 'utf8')
  let engine = null
  let problem: string | null = null
  try {
    engine = currentEngine()
  } catch (error) {
    problem = describeFailure(error)
  }
  const answer = {
    token,
    protocol: PROTOCOL,
    node: hostname(),
    nodeVersion: process.versions.node,
    threads: Number(computeEnvironment().TF_NUM_INTRAOP_THREADS ?? 1),
    at: Date.now(),
    engine,
    problem,
  }
  replaceTextSync(join(folder, 'answer.json'), JSON.stringify(answer))
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(describeFailure(error))
  process.exitCode = 1
}
