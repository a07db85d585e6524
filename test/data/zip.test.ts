import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { archiveKind } from '../../src-main/data/archive.js'
import type { ArchiveLimits } from '../../src-main/data/archive-limits.js'
import { importDataset } from '../../src-main/data/import.js'
import { unpackZip } from '../../src-main/data/zip.js'
import { zipSync, type Zippable } from '../fixtures/zip.js'
import { CIFAR_PIXELS, cifarRecords, importing, leftIn, noise, place } from './helpers.js'

const batch = cifarRecords([[1], [2]], noise('archive', 2 * CIFAR_PIXELS))
const SYMLINK = 0o120777 << 16
const DEVICE = 0o060600 << 16
const UNIX = 3

const unpack = async (bytes: Uint8Array, limits: Partial<ArchiveLimits> = {}, free = Infinity): Promise<string> => {
  const { file, into } = await place(bytes, 'images.zip')
  await unpackZip(file, into, { signal: new AbortController().signal, onProgress: () => undefined, limits, free: async () => free })
  return into
}

/** Replaces every occurrence of a text in the archive's directories by one of the same length. */
function renamed(bytes: Uint8Array, from: string, to: string): Buffer {
  return Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(from, to), 'latin1')
}

describe('a zip', () => {
  it('is known by its content, and unpacked as it is with the folders inside, compressed or not', async () => {
    const content = noise('c', 100_000)
    const bytes = zipSync({ 'a/b/c.bin': content, 'a/plain': [content, { level: 0 }], 'empty/': new Uint8Array() })
    const { file } = await place(bytes, 'thing')
    expect(await archiveKind(file)).toBe('zip')
    const into = await unpack(bytes)
    expect(await readFile(join(into, 'a/b/c.bin'))).toEqual(Buffer.from(content))
    expect(await readFile(join(into, 'a/plain'))).toEqual(Buffer.from(content))
    expect((await stat(join(into, 'empty'))).isDirectory()).toBe(true)
  })

  it('is imported like the folder that it holds', async () => {
    const { file, into } = await place(zipSync({ 'cifar-10-batches-bin/data_batch_1.bin': batch }), 'images.zip')
    expect(await importDataset({ path: file }, importing(into))).toMatchObject({ name: 'cifar-10', counts: { train: 2 } })
  })

  const long = 'd/'.repeat(40)
  it.each<[string, () => Uint8Array, RegExp]>([
    ['a path that leaves the folder', () => renamed(zipSync({ 'aa/outside': batch }), 'aa/outside', '../outside'), /outside the archive/],
    ['a path that leaves it further in', () => renamed(zipSync({ 'b/aa/aa/x': batch }), 'b/aa/aa/x', 'b/../../x'), /outside the archive/],
    ['an absolute path', () => renamed(zipSync({ xoutside: batch }), 'xoutside', '/outside'), /outside the archive/],
    ['a path of Windows', () => renamed(zipSync({ xxxoutside: batch }), 'xxxoutside', 'C:\\outside'), /absolute path|outside the archive/],
    ['too deep a path', () => zipSync({ [`${long}x`]: batch }), /path that is too long/],
    ['a symbolic link', () => zipSync({ link: [Buffer.from('/etc'), { os: UNIX, attrs: SYMLINK }] }), /is a symlink/],
    ['a device', () => zipSync({ disk: [new Uint8Array(), { os: UNIX, attrs: DEVICE }] }), /is a block device/],
    ['the same file twice', () => renamed(zipSync({ aaaa: batch, bbbb: batch }), 'bbbb', 'aaaa'), /the same file twice/],
  ])('with %s is refused, and nothing is left behind', async (_, make, message) => {
    const { file, into } = await place(make(), 'images.zip')
    await expect(importDataset({ path: file }, importing(into))).rejects.toThrow(message)
    await expect(importDataset({ path: file }, importing(into))).rejects.toMatchObject({ code: 'BAD_INPUT' })
    expect(await leftIn(into)).toEqual([])
  })

  it('with too many entries or bytes, or more than the disk has left, is refused', async () => {
    const many: Zippable = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`${i}`, noise(`${i}`, 1000)]))
    await expect(unpack(zipSync(many), { entries: 11 })).rejects.toThrow(/has 12 entries, more than the limit of 11/)
    await expect(unpack(zipSync(many), { bytes: 11_999 })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(unpack(zipSync(many), {}, 11_999)).rejects.toMatchObject({ code: 'DISK' })
    await unpack(zipSync(many), { entries: 12, bytes: 12_000 }, 12_000)
  })

  it('that unpacks to much more than its size is refused as a bomb', async () => {
    const bomb = zipSync({ zeros: new Uint8Array(2 ** 21) })
    await expect(unpack(bomb, { ratioFrom: 2 ** 20 })).rejects.toThrow(/more than 100 times its size/)
    await unpack(bomb, { ratioFrom: 2 ** 22 })
  })

  it('whose entries share their bytes is refused as a bomb', async () => {
    // A second directory entry that points to the first file's bytes.
    const one = Buffer.from(zipSync({ aaaa: noise('a', 5000) }))
    const end = one.lastIndexOf('PK\x05\x06', undefined, 'latin1')
    const directory = one.readUInt32LE(end + 16)
    const record = one.subarray(directory, end)
    const tail = Buffer.from(one.subarray(end))
    tail.writeUInt16LE(2, 8)
    tail.writeUInt16LE(2, 10)
    tail.writeUInt32LE(2 * record.length, 12)
    const other = renamed(record, 'aaaa', 'bbbb')
    await expect(unpack(Buffer.concat([one.subarray(0, end), other, tail]))).rejects.toThrow(/overlap/)
  })

  it('whose entries lie about their size is refused', async () => {
    const honest = Buffer.from(zipSync({ zeros: new Uint8Array(100_000) }))
    const directory = honest.lastIndexOf('PK\x01\x02', undefined, 'latin1')
    for (const stated of [10, 1_000_000]) {
      const lie = Buffer.from(honest)
      lie.writeUInt32LE(stated, directory + 24)
      await expect(unpack(lie)).rejects.toThrow(/damaged or truncated/)
    }
  })

  it('that is cut off or encrypted says so', async () => {
    const whole = zipSync({ x: noise('x', 5000) })
    await expect(unpack(whole.subarray(0, 4000))).rejects.toThrow(/damaged or truncated/)
    const secret = Buffer.from(whole)
    const directory = secret.lastIndexOf('PK\x01\x02', undefined, 'latin1')
    secret.writeUInt16LE(1, directory + 8)
    await expect(unpack(secret)).rejects.toThrow(/encrypted/)
  })
})
