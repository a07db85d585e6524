import { writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { readSafetensors, writeSafetensors, type StoredTensor } from '../../src-main/training/safetensors.js'
import { temporaryFolder } from '../fixtures/home.js'

/** A file in the safetensors format: length of the header, header, data. */
function fileOf(header: object | string, data: Uint8Array = new Uint8Array(), length?: bigint): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(length ?? BigInt(json.length))
  return Buffer.concat([prefix, json, data])
}

const f32 = (shape: number[], from: number, to: number): object => ({ dtype: 'F32', shape, data_offsets: [from, to] })
const data = new Uint8Array(16)

describe('a .safetensors file', () => {
  it('comes back as it was written, whatever its names, shapes and values', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'a.safetensors')
    const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((shape) => {
      const size = shape.reduce((a, b) => a * b, 1)
      return fc.oneof(
        fc.float32Array({ minLength: size, maxLength: size }).map((values): StoredTensor => ({ shape, data: values })),
        fc.int32Array({ minLength: size, maxLength: size }).map((values): StoredTensor => ({ shape, data: values })),
      )
    })
    const name = fc
      .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
      .filter((text) => text !== '__metadata__' && text !== '__proto__')
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, tensor, { maxKeys: 6, noNullPrototype: true }),
        fc.dictionary(name, fc.string(), { maxKeys: 3, noNullPrototype: true }),
        async (named, metadata) => {
          const tensors = new Map(Object.entries(named))
          await writeSafetensors(file, { metadata, tensors })
          const read = await readSafetensors(file)
          expect(read.metadata).toEqual(metadata)
          expect([...read.tensors.keys()].sort()).toEqual([...tensors.keys()].sort())
          for (const [key, { shape, data: values }] of tensors) {
            expect(read.tensors.get(key)!.shape).toEqual(shape)
            expect(Buffer.from(read.tensors.get(key)!.data.buffer, read.tensors.get(key)!.data.byteOffset, values.byteLength)).toEqual(
              Buffer.from(values.buffer, values.byteOffset, values.byteLength),
            )
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it.each<[string, Buffer, RegExp]>([
    ['that is empty', Buffer.alloc(0), /too short for a header/],
    ['whose header is 100 MB', fileOf({}, data, 100_000_000n), /header claims 100000000 bytes, more than the limit/],
    ['whose header overflows 53 bits', fileOf({}, data, 2n ** 64n - 1n), /header claims 18446744073709551615 bytes/],
    ['whose header is longer than the file', fileOf({}, data, 1000n), /header claims 1000 bytes but the file has 26, so it is truncated/],
    ['whose header is no JSON', fileOf('{"a":', data), /its header is not valid JSON/],
    ['whose header is a list', fileOf([], data), /not a table of tensors/],
    ['whose metadata is no table of texts', fileOf({ __metadata__: { a: 1 } }, data), /metadata is not a table of strings/],
    ['with overlapping offsets', fileOf({ a: f32([2], 0, 8), b: f32([2], 4, 12), c: f32([1], 12, 16) }, data), /tensor b begins at byte 4/],
    [
      'with a gap',
      fileOf({ a: f32([1], 0, 4), b: f32([2], 8, 16) }, data),
      /tensor b begins at byte 8 instead of 4, where the previous one ends/,
    ],
    ['whose offsets run backwards', fileOf({ a: f32([4], 16, 0) }, data), /does not fill the bytes 16 to 0/],
    ['with negative offsets', fileOf({ a: f32([4], -16, 0) }, data), /tensor a: data_offsets/],
    ['with offsets beyond the file', fileOf({ a: f32([8], 0, 32) }, data), /its tensors need .* the file has .* truncated/],
    ['with data after the tensors', fileOf({ a: f32([2], 0, 8) }, data), /trailing data/],
    ['whose shape does not fill its bytes', fileOf({ a: f32([3], 0, 16) }, data), /shape \[3\] does not fill/],
    ['whose shape overflows', fileOf({ a: f32([2 ** 31, 2 ** 31, 2 ** 31], 0, 16) }, data), /does not fill the bytes/],
    ['whose shape overflows to what fits', fileOf({ a: f32([2 ** 53, 2 ** 53, 0, 4], 0, 16) }, data), /tensor a: shape|does not fill/],
    ['of doubles', fileOf({ a: { dtype: 'F64', shape: [2], data_offsets: [0, 16] } }, data), /tensor a: dtype/],
    ['with an entry that says more', fileOf({ a: { ...f32([4], 0, 16), evil: 1 } }, data), /tensor a/],
  ])('%s is refused with the reason', async (_, bytes, reason) => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'hostile.safetensors')
    writeFileSync(file, bytes)
    const error: unknown = await readSafetensors(file).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(reason) as string })
    expect((error as Error).message).toContain(file)
  })

  it.each([
    ['brackets that open', '['.repeat(8e6), /nested more than 4 levels deep/],
    ['brackets that close again', `{"a":${'[]'.repeat(4e6)}}`, /more than 150002 objects and arrays/],
    ['a tensor in every few bytes', `{${Array.from({ length: 400_000 }, (_, i) => `"${i}":{}`).join()}}`, /more than 150002/],
  ])('with megabytes of %s is refused before they are parsed', async (_, header, reason) => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'brackets.safetensors')
    writeFileSync(file, fileOf(header, data))
    const parse = vi.spyOn(JSON, 'parse')
    await expect(readSafetensors(file)).rejects.toThrow(reason)
    expect(parse).not.toHaveBeenCalled()
    parse.mockRestore()
  })

  it('whose texts hold brackets, quotes and backslashes is read', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'texts.safetensors')
    const metadata = { text: `${'['.repeat(500_000)}"\\`, '"[': '\\"' }
    await writeSafetensors(file, { metadata, tensors: new Map() })
    expect((await readSafetensors(file)).metadata).toEqual(metadata)
  })

  it('in whose place is a folder is refused', async () => {
    using folder = temporaryFolder()
    await expect(readSafetensors(folder.path)).rejects.toMatchObject({ code: 'BAD_INPUT', message: /it is not a file/ })
  })

  it('that claims terabytes is refused before anything is allocated', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'large.safetensors')
    writeFileSync(file, fileOf({ a: f32([2 ** 40], 0, 2 ** 42) }, data))
    const before = process.memoryUsage().arrayBuffers
    await expect(readSafetensors(file)).rejects.toThrow(/truncated/)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20)
  })

  it('cut off at any byte is refused', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'cut.safetensors')
    const size = await writeSafetensors(file, {
      metadata: { a: 'b' },
      tensors: new Map([['x', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }]]),
    })
    for (let length = size - 1; length >= 0; length -= 7) {
      const handle = await open(file, 'r+')
      await handle.truncate(length)
      await handle.close()
      await expect(readSafetensors(file), `${length} bytes`).rejects.toMatchObject({ code: 'BAD_INPUT' })
    }
  })

  it('that may not be placed leaves nothing behind, and what was there stays', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'a.safetensors')
    const of = (value: number) => ({ metadata: {}, tensors: new Map([['x', { shape: [1], data: Float32Array.of(value) }]]) })
    await writeSafetensors(file, of(1))
    await expect(writeSafetensors(file, of(2), { mayPlace: () => Promise.reject(new Error('not mine any more')) })).rejects.toThrow(
      'not mine',
    )
    expect(readdirSync(folder.path)).toEqual(['a.safetensors'])
    expect((await readSafetensors(file)).tensors.get('x')!.data[0]).toBe(1)
  })

  it('that is not there is told as that', async () => {
    await expect(readSafetensors('/nowhere/a.safetensors')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('does not exist') as string,
    })
  })
})
