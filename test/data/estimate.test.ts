import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { ImportDataset } from '../../src-main/contract/datasets.js'
import { ImageOptionsSchema } from '../../src-main/contract/datasets.js'
import { estimateImport } from '../../src-main/data/estimate.js'
import { zipSync } from '../fixtures/zip.js'
import { CIFAR_PIXELS, cifarRecords, folderWith, imported, leftIn, noise, tarGzOf, temporaryFolder } from './helpers.js'

const batch = cifarRecords([[1], [2]], noise('estimate', 2 * CIFAR_PIXELS))

async function estimate(path: string, rest: Partial<ImportDataset> = {}, left = 1e9) {
  const into = await temporaryFolder()
  const found = await estimateImport({ path, ...rest }, { into, signal: new AbortController().signal, free: async () => left })
  expect(await leftIn(into)).toEqual([])
  return found
}

describe('an estimate of an import', () => {
  it('knows format, name and bytes of a folder', async () => {
    const path = await folderWith({ 'data_batch_1.bin': batch })
    const found = await estimate(path)
    const { dataset } = await imported(path)
    expect(found).toMatchObject({ format: 'cifar-10', name: 'cifar-10', temporaryBytes: 0, enough: true })
    expect(Math.abs(found.storedBytes! - dataset.bytes)).toBeLessThan(0.01 * dataset.bytes)
    expect(await estimate(path, {}, 5000)).toMatchObject({ enough: false, freeBytes: 5000 })
  })

  it('follows the size and the colours that images will have', async () => {
    const file = await sharp({ create: { width: 20, height: 10, channels: 3, background: '#456' } }).png().toBuffer() // prettier-ignore
    const path = await folderWith(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${'xy'[i % 2]}/${i}.png`, file])))
    expect((await estimate(path)).storedBytes).toBe(60 * (20 * 10 * 3 + 2))
    const images = ImageOptionsSchema.parse({ size: { height: 8, width: 8 }, colour: 'grey' })
    expect((await estimate(path, { images })).storedBytes).toBe(60 * (64 + 2))
    expect((await imported(path, { images })).dataset.bytes).toBe(60 * (64 + 2))
  })

  it('says what an archive takes while it is unpacked', async () => {
    const folder = await folderWith({
      'a.zip': zipSync({ 'data_batch_1.bin': batch }),
      'b.tar.gz': await tarGzOf([{ header: { name: 'data_batch_1.bin' }, content: batch }]),
    })
    expect(await estimate(join(folder, 'a.zip'))).toMatchObject({ format: null, storedBytes: null, temporaryBytes: batch.length })
    const tar = (await estimate(join(folder, 'b.tar.gz'))).temporaryBytes
    expect(tar).toBeGreaterThanOrEqual(batch.length)
    expect(tar).toBeLessThan(batch.length + 3000)
    expect((await estimate(join(folder, 'a.zip'), {}, 100)).enough).toBe(false)
  })

  it('refuses what cannot be imported', async () => {
    await expect(estimate(await folderWith({ 'x.txt': 'nothing' }))).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(estimate('/nowhere/at/all')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
