import { execFile } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtWorkbench } from './support/built.js'
import { startServer } from './support/server.js'
import { removeFolder } from '../fixtures/home.js'

const run = promisify(execFile)

/** Permissions of other users on everything in a folder, as lines `MODE PATH`. */
function openToOthers(folder: string): string[] {
  return [folder, ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))]
    .map((path) => ({ path, stat: lstatSync(path) }))
    .filter(({ stat }) => !stat.isSymbolicLink() && (stat.mode & 0o077) !== 0)
    .map(({ path, stat }) => `${(stat.mode & 0o777).toString(8)} ${path}`)
}

/** A data set of 4 x 4 pixels as IDX files; returns its folder. */
function writeImages(parent: string): string {
  const folder = join(parent, 'images')
  mkdirSync(folder)
  for (const [part, count] of Object.entries({ train: 60, t10k: 20 })) {
    const head = (...numbers: number[]): Buffer => Buffer.from(new Uint32Array(numbers).buffer).swap32()
    const pixels = Buffer.from(Array.from({ length: count * 16 }, (_, at) => at % 256))
    writeFileSync(join(folder, `${part}-images-idx3-ubyte`), Buffer.concat([head(0x803, count, 4, 4), pixels]))
    const labels = Buffer.from(Array.from({ length: count }, (_, at) => at % 2))
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), Buffer.concat([head(0x801, count), labels]))
  }
  return folder
}

describe.skipIf(process.platform === 'win32')('what Retrace writes', () => {
  let folder: string
  let home: string
  let built: Awaited<ReturnType<typeof builtWorkbench>>

  beforeAll(async () => {
    built = await builtWorkbench()
    folder = mkdtempSync(join(tmpdir(), 'retrace-e2e-'))
    home = join(folder, 'home')
    mkdirSync(home)
    chmodSync(home, 0o755)
  }, 300_000)
  afterAll(() => removeFolder(folder))

  /** A command as typed in a shell whose files everybody may read. */
  const retrace = async (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    run('/bin/sh', ['-c', 'umask 022; exec "$0" "$@"', process.execPath, built.cli, ...args, '--home', home])

  it('is its user’s alone: by host, trainer, importer, tools and commands, also in a folder that was there', async () => {
    const { stderr } = await retrace('presets')
    expect(stderr).toContain(`The home folder ${home} was accessible to other users (mode 755)`)
    await retrace('datasets', 'import', writeImages(folder), '--name', 'mine')
    const training = ['train', '--preset', 'mlp-hamiltonian', '--dataset', 'two-spirals', '--steps', '3', '--json']
    const { runId } = JSON.parse((await retrace(...training)).stdout) as { runId: string }
    await retrace('runs', 'evaluate', runId)
    await retrace('home', 'backup', join(home, 'exports.tar'))
    await retrace('runs', 'export', runId, '--out', join(home, 'run.json'))
    const server = await startServer(built.server, home)
    await server.stop()
    const names = readdirSync(home, { recursive: true, encoding: 'utf8' })
    for (const part of ['retrace.sqlite', join('runs', runId, 'checkpoints'), 'exports.tar', 'run.json', 'datasets/mine/train.images.u8'])
      expect(names).toContain(part)
    expect(names.some((name) => name.endsWith('.safetensors'))).toBe(true)
    expect(openToOthers(home)).toEqual([])
  }, 180_000)
})
