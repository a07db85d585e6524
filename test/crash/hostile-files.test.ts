import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfigFile, writeConfigFile } from '../../src-main/contract/config-file.js'
import { isUserError } from '../../src-main/contract/errors.js'
import { importDataset } from '../../src-main/data/import.js'
import { openDatabase } from '../../src-main/storage/database.js'
import { writeEventFile } from '../../src-main/exchange/event-file.js'
import { restoreHome } from '../../src-main/hosts/restore.js'
import { createBackupWriter } from '../../src-main/storage/backup.js'
import { databaseFile } from '../../src-main/storage/home-files.js'
import { randomFor } from '../../src-main/numeric/random.js'
import { weightsHash } from '../../src-main/training/checkpoint.js'
import { readSafetensors, writeSafetensors } from '../../src-main/training/safetensors.js'
import { CIFAR_PIXELS, cifarRecords, idx, importing, noise, npy, tarGzOf, tarOf } from '../data/helpers.js'
import { temporaryFolder } from '../fixtures/home.js'
import { sampleConfig } from '../fixtures/records.js'
import { openSession, type Session } from '../fixtures/session.js'
import { zipSync } from '../fixtures/zip.js'
import { mutate } from './mutate.js'
import { tally, tortureCases, tortureSeed } from './torture.js'

/**
 * Files of every kind that Retrace reads, damaged with a seed: each is either rejected with a message or read consistently, within seconds;
 * a rejected file leaves nothing behind.
 */

const SEED = tortureSeed(20180202)
const CASES = tortureCases(30)

let work: ReturnType<typeof temporaryFolder>
let session: Session
beforeAll(async () => {
  work = temporaryFolder()
  session = await openSession()
})
afterAll(() => {
  session[Symbol.dispose]()
  work[Symbol.dispose]()
})

/** An empty folder with this name. */
function emptied(name: string): string {
  const folder = join(work.path, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

const picture = (shade: number): Promise<Buffer> =>
  sharp({ create: { width: 6, height: 5, channels: 3, background: { r: shade, g: 10, b: 200 } } })
    .png()
    .toBuffer()

const records = (seed: string): Uint8Array => cifarRecords(Array.from({ length: 10 }, (_, i) => [i]), noise(seed, 10 * CIFAR_PIXELS)) // prettier-ignore

/** Files of a data set, one of which is damaged; a single file is passed by itself. */
async function datasets(): Promise<Record<string, Record<string, Uint8Array>>> {
  const cifar = { 'data_batch_1.bin': records('a'), 'test_batch.bin': records('b') }
  const entries = Object.entries(cifar).map(([name, content]) => ({ header: { name: `cifar-10-batches-bin/${name}` }, content }))
  const images = Object.fromEntries(
    await Promise.all(['cats/1', 'cats/2', 'dogs/1', 'dogs/2'].map(async (name, i) => [`${name}.png`, await picture(60 * i)] as const)),
  )
  const pickle = readFileSync(join(import.meta.dirname, '../data/pickles/numpy2-protocol4.pickle'))
  const arrays = {
    'x_train.npy': npy('|u1', [4, 5, 6, 3], noise('x', 360)),
    'y_train.npy': npy('<i8', [4], BigInt64Array.of(0n, 1n, 0n, 1n)),
  }
  return {
    'the binary version of CIFAR-10': cifar,
    'a .tar.gz': { 'a.tar.gz': await tarGzOf(entries) },
    'a .tar': { 'a.tar': await tarOf(entries) },
    'IDX files': {
      'train-images-idx3-ubyte': idx([6, 5, 4], noise('i', 120)),
      'train-labels-idx1-ubyte': idx([6], Uint8Array.of(0, 1, 2, 0, 1, 2)),
    },
    'a .npz': { 'a.npz': zipSync(arrays) },
    'a .npz that is not compressed': { 'a.npz': zipSync(arrays, { level: 0 }) },
    'folders of images': images,
    'a zip of images': { 'a.zip': zipSync(images) },
    'CIFAR-10 in pickles of Python': { data_batch_1: pickle, test_batch: pickle },
  }
}

type Outcome = 'refused' | 'read'

/** Any other error is a defect, and fails the test with the number of the case. */
async function outcome(read: () => unknown): Promise<Outcome> {
  try {
    await read()
    return 'read'
  } catch (error) {
    if (!isUserError(error)) throw error
    expect(error.message.length).toBeGreaterThan(20)
    return 'refused'
  }
}

async function each(
  kind: string,
  one: (random: ReturnType<typeof randomFor>, at: number) => Promise<Outcome>,
): Promise<Record<Outcome, number>> {
  const found = { refused: 0, read: 0 }
  for (let at = 0; at < CASES; at++) {
    const began = performance.now()
    try {
      found[await one(randomFor(SEED, `${kind} ${at}`), at)]++
    } catch (error) {
      throw new Error(`case ${at} of ${kind}, seed ${SEED}`, { cause: error })
    }
    expect(performance.now() - began, `case ${at} of ${kind}, seed ${SEED}`).toBeLessThan(30_000)
  }
  tally('hostile files refused', found.refused)
  tally('damaged files that could be read', found.read)
  return found
}

const KINDS = ['the binary version of CIFAR-10', 'a .tar.gz', 'a .tar', 'IDX files', 'a .npz', 'a .npz that is not compressed', 'folders of images', 'a zip of images', 'CIFAR-10 in pickles of Python'] as const // prettier-ignore

describe(`damaged files (seed ${SEED})`, { timeout: 600_000 }, () => {
  it.each(KINDS)('of a data set, as %s', async (kind) => {
    const files = Object.entries((await datasets())[kind]!)
    await each(kind, async (random) => {
      const [into, source] = [emptied('into'), emptied('source')]
      const victim = random.integer(0, files.length - 1)
      for (const [at, [name, content]] of files.entries()) {
        mkdirSync(join(source, name, '..'), { recursive: true })
        writeFileSync(join(source, name), at === victim ? mutate(Buffer.from(content), random) : content)
      }
      const found = await outcome(() =>
        importDataset({ path: files.length === 1 ? join(source, files[0]![0]) : source, name: 'x' }, importing(into)),
      )
      expect(readdirSync(into)).toEqual(found === 'read' ? ['x'] : [])
      return found
    })
  })

  it('of weights: what is read is what was written', async () => {
    const file = join(emptied('weights'), 'w.safetensors')
    const tensors = new Map([
      ['params/a', { shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i / 7) }],
      ['stats/b', { shape: [2], data: Float32Array.of(NaN, -0) }],
    ])
    await writeSafetensors(file, { metadata: { format: 'test', note: '{"a":[1,2]}' }, tensors })
    const whole = readFileSync(file)
    await each('weights', async (random) => {
      writeFileSync(file, mutate(whole, random))
      return outcome(async () => {
        const read = await readSafetensors(file)
        // Without a hash in the file, values may differ; shapes and names are within the limits of the format.
        for (const { shape, data } of read.tensors.values())
          expect(data.length).toBe(shape.reduce((product, extent) => product * extent, 1))
        weightsHash(read.tensors)
      })
    })
  })

  it('of a run: an archive, and its scalars', async () => {
    const folder = emptied('run')
    const run = await session.services.runs.create({ preset: 'small', dataset: 'digits', name: 'whole' })
    const archive = join(folder, 'run.retrace.tar.gz')
    await session.services.runs.exportFile({ id: run.id, path: archive, format: 'archive' })
    const events = join(folder, 'events.out.tfevents.1')
    const steps = Float64Array.from({ length: 50 }, (_, i) => i)
    await writeEventFile(events, [{ key: 'loss', points: { steps, values: steps, times: steps.map((step) => 1e12 + step) } }])
    for (const path of [archive, events]) {
      const whole = readFileSync(path)
      await each(path === archive ? 'archive' : 'events', async (random) => {
        const before = (await session.services.runs.list()).runs.length
        writeFileSync(path, mutate(whole, random))
        const found = await outcome(() => session.services.runs.importFile({ path }))
        expect((await session.services.runs.list()).runs).toHaveLength(before + (found === 'read' ? 1 : 0))
        return found
      })
    }
  })

  it('of a backup: what is restored is what was backed up', async () => {
    const folder = emptied('backup')
    const home = join(folder, 'home')
    mkdirSync(home)
    const db = await openDatabase(databaseFile(home))
    const file = join(folder, 'backup.tar')
    await createBackupWriter(db, home).write({ file, onProgress: () => undefined, signal: AbortSignal.timeout(60_000) })
    db.close()
    const whole = readFileSync(file)
    const restored = join(folder, 'restored')
    await each('backup', async (random) => {
      rmSync(restored, { recursive: true, force: true })
      writeFileSync(file, mutate(whole, random))
      const found = await outcome(() => restoreHome(file, restored))
      expect(existsSync(restored)).toBe(found === 'read')
      return found
    })
  })

  it('of a configuration', async () => {
    const whole = Buffer.from(writeConfigFile(sampleConfig()))
    await each('configuration', async (random) => (readConfigFile(mutate(whole, random).toString('utf8'), []).issues ? 'refused' : 'read'))
  })
})
