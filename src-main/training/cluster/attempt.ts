import { closeSync, existsSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { LEASES_OF_ORDER } from '../../contract/cluster.js'
import { UserError } from '../../contract/errors.js'
import { allFacts } from './facts.js'
import { claimsOf, runFiles, type Order } from './order.js'

/** Claims the next lease of an order for this process alone: exclusive creation of a file is atomic on every shared file system. */
export function claimLease(folder: string, { firstLease }: Pick<Order, 'firstLease'>, who: string): number {
  const files = runFiles(folder)
  for (let lease = (claimsOf(folder, firstLease).at(-1) ?? firstLease - 1) + 1; lease < firstLease + LEASES_OF_ORDER; lease++) {
    let file: number
    try {
      file = openSync(files.claim(lease), 'wx')
    } catch (error) {
      // Another attempt was faster.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw error
    }
    writeSync(file, `${who}\n`)
    closeSync(file)
    return lease
  }
  throw new UserError('CONFLICT', `The job was started ${LEASES_OF_ORDER} times. Find out in its log why it ends, then resume the run.`)
}

/**
 * The checkpoints from which an attempt can continue, newest first: those of the order, and those reported by earlier attempts. A
 * checkpoint that was not reported is ignored, because the points before it may be missing. The trainer finds out whether a file is
 * undamaged, and uses the next one if it is not.
 */
export function checkpointsBefore(folder: string, order: Order, lease: number): { file: string; step: number }[] {
  const files = runFiles(folder)
  const found = new Map(order.checkpoints.map(({ file, step }) => [file, step]))
  for (const earlier of claimsOf(folder, order.firstLease).filter((each) => each < lease))
    for (const fact of allFacts(files.facts(earlier)))
      if (fact.kind === 'report' && fact.report.kind === 'checkpoint') found.set(fact.report.file, fact.report.step)
  return [...found]
    .map(([file, step]) => ({ file, step }))
    .filter(({ file }) => existsSync(join(files.checkpoints, file)))
    .sort((a, b) => b.step - a.step || b.file.localeCompare(a.file))
}
