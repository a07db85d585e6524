import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { archiveKind, unpackTar } from '../../src-main/data/archive.js'
import type { ArchiveLimits } from '../../src-main/data/archive-limits.js'
import { importDataset } from '../../src-main/data/import.js'
import { CIFAR_PIXELS, cifarRecords, importing, noise, place, tarGzOf, tarOf, type TarEntry } from './helpers.js'

const batch: TarEntry = {
  header: { name: 'data_batch_1.bin' },
  content: cifarRecords([[1], [2]], noise('archive', 2 * CIFAR_PIXELS)),
}

describe('an archive', () => {
  it('is unpacked as it is, with the folders inside', async () => {
    const entries = [
      { header: { name: './a/', type: 'directory' as const } },
      { header: { name: './a/b/c.bin' }, content: noise('c', 100_000) },
      { header: { name: 'empty' } },
    ]
    const { file, into } = await place(await tarGzOf(entries), 'images.tar.gz')
    const done: number[] = []
    await unpackTar(file, into, { kind: 'tar.gz', signal: new AbortController().signal, onProgress: (value) => done.push(value) })
    expect(await readFile(join(into, 'a/b/c.bin'))).toEqual(Buffer.from(noise('c', 100_000)))
    expect((await stat(join(into, 'empty'))).size).toBe(0)
    expect(done.at(-1)).toBe(1)
  })

  it('is known by its content, whatever its name', async () => {
    const kinds = [await tarOf([batch]), await tarGzOf([batch]), gzipSync(noise('x', 5000)), noise('y', 5000), new Uint8Array()]
    const found = []
    for (const bytes of kinds) found.push(await archiveKind((await place(bytes, 'thing')).file))
    expect(found).toEqual(['tar', 'tar.gz', null, null, null])
  })

  it.each<[string, TarEntry[], RegExp]>([
    [
      'a path that leaves the folder',
      [{ header: { name: '../outside.bin' }, content: noise('o', 10) }, batch],
      /"..\/outside.bin" has a path outside the archive/,
    ],
    [
      'a path that leaves it further in',
      [{ header: { name: 'a/../../outside.bin' }, content: noise('o', 10) }, batch],
      /outside the archive/,
    ],
    ['an absolute path', [{ header: { name: '/outside.bin' }, content: noise('o', 10) }, batch], /absolute path/],
    ['a path of Windows', [{ header: { name: 'C:\\outside.bin' }, content: noise('o', 10) }, batch], /absolute path/],
    ['a symbolic link', [{ header: { name: 'link', type: 'symlink', linkname: '/etc' } }, batch], /is a symlink/],
    ['a hard link', [{ header: { name: 'link', type: 'link', linkname: '/etc/passwd' } }, batch], /is a link/],
    ['a device', [{ header: { name: 'disk', type: 'block-device' } }, batch], /is a block-device/],
    ['a pipe', [{ header: { name: 'pipe', type: 'fifo' } }, batch], /is a fifo/],
    ['the same file twice', [batch, batch], /the same file twice/],
  ])('with %s is refused, and nothing is left', async (_, entries, message) => {
    const { file, into } = await place(await tarGzOf(entries), 'images.tar.gz')
    await expect(importDataset({ path: file }, importing(into))).rejects.toThrow(message)
    expect(await readdir(into)).toEqual([])
    expect((await readdir(join(into, '..'))).sort()).toEqual(['images.tar.gz', 'into'])
  })

  it.each([10, 300, 3000])('cut off after %i bytes is refused, and nothing is left', async (length) => {
    const { file, into } = await place((await tarGzOf([batch])).subarray(0, length), 'images.tar.gz')
    await expect(importDataset({ path: file }, importing(into))).rejects.toThrow(/images.tar.gz (is damaged or truncated|is not a .tar)/)
    expect(await readdir(into)).toEqual([])
  })

  it('whose bytes were changed is refused', async () => {
    const bytes = await tarGzOf([batch])
    bytes[bytes.length - 2000]! ^= 0xff
    const { file, into } = await place(bytes, 'images.tar.gz')
    await expect(importDataset({ path: file }, importing(into))).rejects.toThrow(/damaged/)
    expect(await readdir(into)).toEqual([])
  })

  const limited = async (entries: TarEntry[], limits: Partial<ArchiveLimits>, free = Infinity): Promise<void> => {
    const { file, into } = await place(await tarGzOf(entries), 'images.tar.gz')
    const signal = new AbortController().signal
    await unpackTar(file, into, { kind: 'tar.gz', signal, onProgress: () => undefined, limits, free: () => Promise.resolve(free) })
  }
  const zeros = (length: number): TarEntry => ({ header: { name: 'zeros' }, content: new Uint8Array(length) })

  it('that unpacks to many times its size is refused as a bomb, an honest one of that size is not', async () => {
    await expect(limited([zeros(2 ** 22)], { ratio: 100, ratioFrom: 2 ** 20 })).rejects.toThrow(/100 times its size/)
    await limited([{ header: { name: 'noise' }, content: noise('n', 2 ** 21) }], { ratio: 100, ratioFrom: 2 ** 20 })
  })

  it('with too many entries or bytes, or more than the disk has left, is refused', async () => {
    const many = Array.from({ length: 12 }, (_, i) => ({ header: { name: `file${i}` } }))
    await expect(limited(many, { entries: 11 })).rejects.toThrow(/more than 11 entries/)
    await expect(limited([zeros(2 ** 20)], { bytes: 2 ** 19 })).rejects.toThrow(/more than 1 MiB|more than 0 MiB/)
    await expect(limited([zeros(2 ** 22)], {}, 2 ** 21)).rejects.toThrow(/disk has only 2 MiB free/)
  })

  it('that announces more than it holds is refused before anything of that length is written', async () => {
    const bytes = await tarOf([batch])
    // The size of the entry, in octal, and the checksum of the header.
    bytes.write('77777777777\0', 124, 'latin1')
    bytes.fill(' ', 148, 156)
    const sum = bytes.subarray(0, 512).reduce((a, b) => a + b, 0)
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    const { file, into } = await place(bytes, 'images.tar')
    await expect(importDataset({ path: file }, importing(into, { free: () => Promise.resolve(2 ** 30) }))).rejects.toThrow(
      /unpacks to at least 8192 MiB, but the disk has only 1024 MiB free/,
    )
    expect(await readdir(into)).toEqual([])
  })

  it('cancelled while it is unpacked leaves nothing', async () => {
    const { file, into } = await place(
      await tarGzOf([{ header: { name: 'data_batch_1.bin' }, content: noise('long', 2 ** 22) }]),
      'images.tar.gz',
    )
    const controller = new AbortController()
    const cancel = (): void => controller.abort(new Error('enough'))
    await expect(importDataset({ path: file }, importing(into, { signal: controller.signal, onProgress: cancel }))).rejects.toThrow(
      'enough',
    )
    expect(await readdir(into)).toEqual([])
  })
})
