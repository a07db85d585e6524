import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { sameContent } from '../../src-main/contract/dataset-content.js'
import { contentHash, type StoredDataset } from '../../src-main/data/layout.js'
import type { Dataset } from '../../src-main/contract/datasets.js'
import { ensureBuiltin, importDataset } from '../../src-main/data/import.js'
import { loadPart, readDataset, readLabels, renewHash, verifyDataset } from '../../src-main/data/stored.js'
import { createImporter } from '../../src-main/hosts/importer.js'
import { CIFAR_PIXELS, cifarRecords, folderWith, importing, leftIn, noise, temporaryFolder } from './helpers.js'

const labels = Array.from({ length: 20 }, (_, i) => [i % 10])
const files = {
  'data_batch_1.bin': cifarRecords(labels, noise('stored', 20 * CIFAR_PIXELS)),
  'test_batch.bin': cifarRecords(labels.slice(0, 10), noise('stored test', 10 * CIFAR_PIXELS)),
}

let into: string
let folder: string
let dataset: Dataset
let path: string

beforeEach(async () => {
  path = await folderWith(files)
  into = await temporaryFolder()
  dataset = await importDataset({ path }, importing(into))
  folder = join(into, 'cifar-10')
})

describe('a stored data set', () => {
  it('carries its description', async () => {
    expect(await readDataset(folder)).toEqual(dataset)
    expect(await createImporter('unused').verify(folder, dataset)).toEqual({ ok: true, problems: [] })
  })

  it('is verified with progress, and the reading of it can be ended', async () => {
    const told: number[] = []
    const options = { onProgress: (done: number) => void told.push(done) }
    expect(await createImporter('unused').verify(folder, dataset, options)).toEqual({ ok: true, problems: [] })
    expect(told).toEqual([...told].sort((a, b) => a - b))
    expect(told.at(-1)).toBe(1)
    const controller = new AbortController()
    const ended = verifyDataset(folder, { signal: controller.signal, onProgress: () => controller.abort() })
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('has a hash of its content, not of its name, place or time', async () => {
    const copy = await importDataset({ path: await folderWith(files), name: 'other' }, importing(into))
    expect(copy.hash).toBe(dataset.hash)
    const changed = { ...files, 'test_batch.bin': cifarRecords(labels.slice(0, 9), noise('stored test', 9 * CIFAR_PIXELS)) }
    expect((await importDataset({ path: await folderWith(changed), name: 'less' }, importing(into))).hash).not.toBe(dataset.hash)
  })

  it.each(['train.images.u8', 'train.labels.u16', 'test.images.u8', 'test.labels.u16'])(
    'with %s cut off or missing is refused',
    async (name) => {
      await truncate(join(folder, name), 7)
      await expect(readDataset(folder)).rejects.toThrow(new RegExp(`${name} is damaged \\(7 bytes instead of .*import it again`))
      expect((await verifyDataset(folder)).problems.join()).toContain(`${name} is damaged`)
      await rm(join(folder, name))
      await expect(readDataset(folder)).rejects.toThrow(new RegExp(`${name} is missing`))
      expect(await verifyDataset(folder)).toMatchObject({ ok: false, problems: [expect.stringContaining(name)] })
    },
  )

  it('names the file of which a single byte has changed', async () => {
    const bytes = await readFile(join(folder, 'test.images.u8'))
    bytes[12_345]! ^= 1
    await writeFile(join(folder, 'test.images.u8'), bytes)
    const { ok, problems } = await verifyDataset(folder)
    expect(ok).toBe(false)
    expect(problems).toEqual([expect.stringMatching(/test\.images\.u8 has changed/)])
  })

  it.each(['train.images.u8', 'train.labels.u16'])('of which a bit of %s has changed is not loaded', async (name) => {
    const bytes = await readFile(join(folder, name))
    bytes[6]! ^= 1
    await writeFile(join(folder, name), bytes)
    await expect(loadPart(folder, dataset, 'train')).rejects.toThrow(
      new RegExp(`${name} has changed since it was imported\\. .*import it again`),
    )
  })

  it('with a label that has no class is refused', async () => {
    await writeFile(join(folder, 'train.labels.u16'), new Uint8Array(Uint16Array.from({ length: 20 }, (_, i) => (i === 4 ? 10 : 0)).buffer))
    await expect(readLabels(folder, dataset, 'train')).rejects.toThrow(/train\.labels\.u16 is damaged \(label 10 at 4\)/)
  })

  it.each([
    ['no JSON', '{"name":'],
    ['of another layout', JSON.stringify({ layout: 99 })],
  ])('whose description is %s is refused', async (_, text) => {
    await writeFile(join(folder, 'dataset.json'), text)
    await expect(readDataset(folder)).rejects.toThrow(/dataset\.json is damaged/)
    expect((await verifyDataset(folder)).ok).toBe(false)
  })

  it.each<[string, (stored: StoredDataset) => Partial<StoredDataset>]>([
    ['classes', ({ classNames }) => ({ classNames: classNames.toReversed() })],
    ['mean', ({ channelMean }) => ({ channelMean: channelMean.map((mean) => mean + 1e-15) })],
    ['deviation', ({ channelDeviation }) => ({ channelDeviation: channelDeviation.toReversed() })],
    ['counts', ({ counts }) => ({ counts: { ...counts, unlabelled: 1 } })],
    ['hash', () => ({ hash: '3:of the future' })],
  ])('whose %s in the description were exchanged is refused', async (_, change) => {
    const stored = JSON.parse(await readFile(join(folder, 'dataset.json'), 'utf8')) as StoredDataset
    await writeFile(join(folder, 'dataset.json'), JSON.stringify({ ...stored, ...change(stored) }))
    expect((await verifyDataset(folder)).problems.join()).toContain('has changed or does not match the files next to it')
    await expect(readDataset(folder)).rejects.toThrow(/has changed or does not match the files next to it\. .*import it again/)
  })

  it('of an earlier version keeps to the hash that it has until it gets the present one, by which a run under either is the same', async () => {
    const description = join(folder, 'dataset.json')
    const stored = JSON.parse(await readFile(description, 'utf8')) as StoredDataset
    const first = contentHash(stored, 1)
    expect(dataset.earlierHashes).toEqual([first])
    // As written by version 1.
    await writeFile(description, JSON.stringify({ ...stored, hash: first }))
    const before = await readDataset(folder)
    expect(before).toMatchObject({ hash: first, earlierHashes: [] })
    expect(await verifyDataset(folder)).toEqual({ ok: true, problems: [] })
    expect(await renewHash(folder)).toEqual(dataset)
    expect(await readDataset(folder)).toEqual(dataset)
    expect([sameContent(dataset, first), sameContent(dataset, dataset.hash), sameContent(dataset, first.replace(/./, 'x'))]).toEqual([
      true,
      true,
      false,
    ])
    expect(await createImporter('unused').verify(folder, before)).toEqual({ ok: true, problems: [] })
    // If its files were swapped under the first version, it must not get a hash that confirms them.
    await writeFile(description, JSON.stringify({ ...stored, hash: first, classNames: stored.classNames.toReversed() }))
    await expect(renewHash(folder)).rejects.toThrow(/does not match the files next to it/)
  })

  it('that is another one than is expected is told', async () => {
    const found = await createImporter('unused').verify(folder, { ...dataset, hash: 'other' })
    expect(found).toEqual({ ok: false, problems: [expect.stringContaining('differ from those')] })
  })

  it('that is not there is NOT_FOUND', async () => {
    await expect(readDataset(join(into, 'nothing'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('an import', () => {
  it('never replaces a data set', async () => {
    await expect(importDataset({ path }, importing(into))).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(importDataset({ path, name: 'cifar-10' }, importing(into))).rejects.toThrow(/A data set cifar-10 already exists/)
    expect(await verifyDataset(folder)).toEqual({ ok: true, problems: [] })
    expect(await leftIn(into)).toEqual(['cifar-10'])
  })

  it('of one name twice at once succeeds once', async () => {
    const both = await Promise.allSettled(Array.from({ length: 2 }, () => importDataset({ path, name: 'twice' }, importing(into))))
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect((await leftIn(into)).sort()).toEqual(['cifar-10', 'twice'])
    expect((await verifyDataset(join(into, 'twice'))).ok).toBe(true)
  })

  it('tells its progress, from 0 to 1', async () => {
    const told: number[] = []
    await importDataset({ path, name: 'told' }, importing(into, { onProgress: (done) => told.push(done ?? NaN) }))
    expect(told).toEqual(told.toSorted((a, b) => a - b))
    expect(told.at(-1)).toBe(1)
  })

  it('that is cancelled leaves nothing, wherever it was', async () => {
    const calls = { count: 0 }
    await importDataset({ path, name: 'whole' }, importing(into, { onProgress: () => void calls.count++ }))
    for (let stop = 1; stop <= calls.count; stop++) {
      const controller = new AbortController()
      let seen = 0
      const onProgress = (): void => {
        if (++seen === stop) controller.abort(new Error('enough'))
      }
      await expect(importDataset({ path, name: 'part' }, importing(into, { onProgress, signal: controller.signal }))).rejects.toThrow(
        'enough',
      )
    }
    expect((await leftIn(into)).sort()).toEqual(['cifar-10', 'whole'])
  })

  it('that does not fit on the disk is refused before anything is written', async () => {
    const free = (): Promise<number> => Promise.resolve(1000)
    await expect(importDataset({ path, name: 'large' }, importing(into, { free }))).rejects.toMatchObject({ code: 'DISK' })
    await expect(ensureBuiltin('circles', importing(into, { free }))).rejects.toThrow(/Free some space/)
    expect(await leftIn(into)).toEqual(['cifar-10'])
  })

  it('removes what a killed process left, and only that', async () => {
    // The maximum process id on Linux is 2^22.
    const [dead, alive] = [`.importing-${2 ** 23}-abcd`, `.importing-${process.pid}-abcd`]
    for (const name of [dead, alive]) await mkdir(join(into, name, 'x'), { recursive: true })
    await importDataset({ path, name: 'next' }, importing(into))
    expect((await readdir(into)).sort()).toEqual([alive, 'cifar-10', 'next'])
  })

  it.each([
    [{ path: '/nowhere/at/all' }, 'NOT_FOUND', /\/nowhere\/at\/all does not exist/],
    [{ path: '.', format: 'png' }, 'BAD_INPUT', /no format png\. Choose one of cifar-10, cifar-100, idx, image-folders, npz, stl-10/],
  ])('of %j is refused', async (request, code, message) => {
    const attempt = importDataset(request, importing(into))
    await expect(attempt).rejects.toMatchObject({ code })
    await expect(attempt).rejects.toThrow(message)
  })

  it('of a folder without data, or of a file that is no archive, says what is looked for', async () => {
    const other = await folderWith({ 'notes.txt': 'nothing here' })
    await expect(importDataset({ path: other }, importing(into))).rejects.toThrow(/contains no data set.*data_batch_1\.bin.*train_X\.bin/)
    await expect(importDataset({ path, format: 'stl-10', name: 'x' }, importing(into))).rejects.toThrow(
      /contains no data set.*train_X\.bin/,
    )
    await expect(importDataset({ path: join(other, 'notes.txt') }, importing(into))).rejects.toThrow(
      /Give an archive of a data set, or the folder with its files/,
    )
    expect(await leftIn(into)).toEqual(['cifar-10'])
  })
})
