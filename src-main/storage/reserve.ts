import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { explainDiskError } from './disk-errors.js'
import { obstacleOf } from '../contract/errors.js'
import type { Reserve } from '../features/home/disk-guard.js'

/** Enough for the transactions of a clean-up, the ends of runs, and the host's own small files. */
const BYTES = 8 * 2 ** 20
const BLOCK = 2 ** 20

/** A file of the home that is deleted when the disk is full, because deleting from a database needs space too. */
export function openReserve(home: string): Reserve {
  const file = join(home, 'reserve')
  return {
    bytes: BYTES,
    get held() {
      return statSync(file, { throwIfNoEntry: false })?.size === BYTES
    },
    onFull: null,
    keep() {
      if (this.held) return true
      try {
        rmSync(file, { force: true })
        const handle = openSync(file, 'wx', 0o600)
        try {
          // Not zeros, which a compressing file system would store without using space.
          const block = randomBytes(BLOCK)
          for (let at = 0; at < BYTES; at += BLOCK) writeSync(handle, block)
          fsyncSync(handle)
        } finally {
          closeSync(handle)
        }
        return true
      } catch (error) {
        rmSync(file, { force: true })
        const explained = explainDiskError(error, file)
        if (obstacleOf(explained) === 'full') return false
        throw explained
      }
    },
    release() {
      const held = statSync(file, { throwIfNoEntry: false }) !== undefined
      rmSync(file, { force: true })
      return held
    },
  }
}
