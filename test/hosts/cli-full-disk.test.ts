import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openBackend, type Backend } from '../fixtures/backend.js'
import type { Context } from '../../src-main/hosts/cli/context.js'
import { runCommandLine } from '../../src-main/hosts/cli/run.js'
import { openHomeDisk } from '../../src-main/storage/home-disk.js'
import { fakeCatalogue, fakeImporter } from '../fixtures/fake-ports.js'
import { armFullDisk } from '../fixtures/full-disk.js'
import { temporaryFolder } from './temporary.js'
import type { HomeDisk } from '../../src-main/features/home/home-disk.js'

const TRAINER = resolve(import.meta.dirname, '../fixtures/fake-trainer.mjs')

/** A small file system of its own; null if it may not be mounted. */
function mountSmallDisk(): string | null {
  const folder = temporaryFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return null
  }
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]))
  return folder
}

/** Writes until the disk is full. */
function fill(file: string): void {
  const handle = openSync(file, 'a')
  try {
    for (const block of [Buffer.alloc(2 ** 16), Buffer.alloc(512)])
      for (;;)
        try {
          writeSync(handle, block)
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
          break
        }
  } finally {
    closeSync(handle)
  }
}

async function pausedByFullDisk(
  home: string,
  makeFull: () => void,
  disk?: HomeDisk,
): Promise<{ open: Context['openBackend']; id: string }> {
  const open = (): Promise<Backend> =>
    openBackend({
      home,
      trainerEntry: TRAINER,
      hostKind: 'cli',
      catalogue: fakeCatalogue,
      importer: fakeImporter(),
      environment: () => ({ FAKE_TRAINER: JSON.stringify({ stepMs: 5 }) }),
      fault: () => undefined,
      disk,
    })
  const backend = await open()
  const { runs, settings } = backend.services
  await settings.update({ 'disk.pauseGiB': 0, 'disk.warnGiB': 0 })
  const { id } = await runs.create({ preset: 'small', dataset: 'digits', overrides: { steps: 1_000_000 } })
  const until = async (done: (run: Awaited<ReturnType<typeof runs.get>>) => boolean): Promise<void> => {
    while (!done(await runs.get({ id }))) await sleep(20)
  }
  await until(({ step }) => step >= 25)
  makeFull()
  // A trainer that finds no space before the host does fails, and says why.
  await until(({ status, reason }) => status === 'paused' || (status === 'failed' && /full|ENOSPC/.test(reason ?? '')))
  await backend.close()
  return { open, id }
}

/** The actions of a user at a terminal. */
async function cleansUp(home: string, { open, id }: Awaited<ReturnType<typeof pausedByFullDisk>>): Promise<void> {
  const out: string[] = []
  const context: Context = {
    print: (line) => void out.push(line),
    note: (line) => void out.push(line),
    progress: null,
    openBackend: open,
    trainerEntry: TRAINER,
    page: join(home, 'page'),
    end: new Promise(() => undefined),
    onDefect: (error) => expect.unreachable(String(error)),
  }
  const command = async (...args: string[]): Promise<string> => {
    out.length = 0
    expect(await runCommandLine([...args, '--home', home], context), out.join('\n')).toBe(0)
    return out.join('\n')
  }
  expect(await command('home', 'usage')).toContain(`run ${id}`)
  expect(await command('home', 'clean', '--yes')).toMatch(/checkpoint at step \d+/)
  await command('runs', 'remove', id)
  expect(await command('runs', 'removed')).toContain(id)
}

describe('commands on a full disk', () => {
  it('look at the home, clean it and remove runs while every write of the database is refused but for the reserve', async () => {
    let free = Infinity
    const home = temporaryFolder()
    const left = (): number => free + (existsSync(join(home, 'reserve')) ? 0 : 8 * 2 ** 20)
    const disarm = await armFullDisk(() => left() <= 0)
    onTestFinished(disarm)
    const paused = await pausedByFullDisk(home, () => (free = 0), {
      ...openHomeDisk(home),
      space: () => ({ free: Math.max(0, Math.min(left(), 2 ** 30)), total: 2 ** 40 }),
    })
    await cleansUp(home, paused)
  }, 180_000)

  it('do so on one that is really full', async ({ skip }) => {
    const disk = mountSmallDisk() ?? skip('a small file system cannot be mounted here: that takes root')
    const [home, filler] = [join(disk, 'home'), join(disk, 'filler')]
    mkdirSync(home, { mode: 0o700 })
    const paused = await pausedByFullDisk(home, () => fill(filler))
    await cleansUp(home, paused)
    rmSync(filler)
  }, 180_000)
})
