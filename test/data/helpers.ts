import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack, type Header } from 'tar-stream'
import { expect, onTestFinished } from 'vitest'
import type { Dataset, ImportDataset } from '../../src-main/contract/datasets.js'
import { importDataset, type ImportOptions } from '../../src-main/data/import.js'
import { randomFor } from '../../src-main/numeric/random.js'

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'retrace-data-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function folderWith(files: Record<string, Uint8Array | string>): Promise<string> {
  const folder = await temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}

export function importing(into: string, rest: Partial<ImportOptions> = {}): ImportOptions {
  return { into, onProgress: () => undefined, signal: new AbortController().signal, ...rest }
}

/** Imports into a folder of its own; returns the location of the data set. */
export async function imported(
  path: string,
  request: Omit<ImportDataset, 'path'> = {},
): Promise<{ dataset: Dataset; folder: string; into: string }> {
  const into = await temporaryFolder()
  const dataset = await importDataset({ path, ...request }, importing(into))
  return { dataset, folder: join(into, dataset.name), into }
}

/** Asserts that an import fails with this message, and leaves nothing behind. */
export async function refused(path: string, message: RegExp, request: Omit<ImportDataset, 'path'> = {}): Promise<void> {
  const into = await temporaryFolder()
  await expect(importDataset({ path, ...request }, importing(into))).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringMatching(message) as string,
  })
  expect(await leftIn(into)).toEqual([])
}

/** A file with these bytes, next to an empty folder to unpack or import it into. */
export async function place(bytes: Uint8Array, name: string): Promise<{ file: string; into: string }> {
  const folder = await temporaryFolder()
  const [file, into] = [join(folder, name), join(folder, 'into')]
  await mkdir(into)
  await writeFile(file, bytes)
  return { file, into }
}

/** Everything that a failed import leaves behind, which must be nothing. */
export const leftIn = (folder: string): Promise<string[]> => readdir(folder)

export type TarEntry = { header: Partial<Header> & { name: string }; content?: Uint8Array }

export async function tarOf(entries: TarEntry[]): Promise<Buffer> {
  const tar = pack()
  const bytes = buffer(tar)
  for (const { header, content } of entries) {
    // Without content, a file's entry would stay open, and the archive with it.
    tar.entry(header as Header, Buffer.from(content ?? []))
  }
  tar.finalize()
  return bytes
}

export const tarGzOf = async (entries: TarEntry[]): Promise<Buffer> => gzipSync(await tarOf(entries))

/** Pseudo-random bytes, the same for the same name. */
export function noise(name: string, length: number): Uint8Array {
  const random = randomFor(7, name)
  return Uint8Array.from({ length }, () => random.integer(0, 255))
}

export const CIFAR_PIXELS = 3 * 32 * 32

/** Records of CIFAR's binary version: label bytes, then planes. */
export function cifarRecords(labels: number[][], planes: Uint8Array): Uint8Array {
  return Buffer.concat(
    labels.map((bytes, i) => Buffer.concat([Buffer.from(bytes), planes.subarray(i * CIFAR_PIXELS, (i + 1) * CIFAR_PIXELS)])),
  )
}

/** [n, channels, height, width] to [n, height, width, channels], by indices. */
export function channelsLast(planes: Uint8Array, [channels, height, width]: [number, number, number]): Uint8Array {
  const size = channels * height * width
  return planes.map((_, at) => {
    const [image, rest] = [Math.floor(at / size), at % size]
    const [channel, column, row] = [rest % channels, Math.floor(rest / channels) % width, Math.floor(rest / channels / width)]
    return planes[image * size + (channel * height + row) * width + column]!
  })
}

export function idx(dimensions: number[], content: Uint8Array, type = 0x08): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length)
  header[2] = type
  header[3] = dimensions.length
  dimensions.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i))
  return Buffer.concat([header, content])
}

type Numbers = Uint8Array | Float32Array | Float64Array | Int32Array | BigInt64Array

/** A .npy file as written by numpy 1.x and 2.x. */
export function npy(descr: string, shape: number[], values: Numbers, order = 'False'): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const dictionary = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${tuple}), }`
  const padded = `${dictionary}${' '.repeat(63 - ((10 + dictionary.length) % 64))}\n`
  const head = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${padded}`, 'latin1')
  head.writeUInt16LE(padded.length, 8)
  return Buffer.concat([head, Buffer.from(values.buffer, values.byteOffset, values.byteLength)])
}

/** A folder `digits` with this number of training images of MNIST's size, in IDX files, with ten classes. */
export function idxDigits(parent: string, count: number): string {
  const folder = join(parent, 'digits')
  mkdirSync(folder)
  const pixels = new Uint8Array(count * 784).map((_, at) => (at * 31) % 251)
  const labels = new Uint8Array(count).map((_, at) => at % 10)
  writeFileSync(join(folder, 'train-images-idx3-ubyte'), idx([count, 28, 28], pixels))
  writeFileSync(join(folder, 'train-labels-idx1-ubyte'), idx([count], labels))
  return folder
}
