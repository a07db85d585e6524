import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ownUploads } from '../../src-main/durable/unfinished.js'
import { Uploads } from '../../src-main/hosts/server/uploads.js'
import { temporaryFolder } from './temporary.js'

const ID = '01234567-89ab-cdef-0123-456789abcdef'
const MIB = 2 ** 20

/** Uploads with a server of their own, on a disk with this much space. */
async function uploads(room: () => number, limits?: { entries: number; bytes: number }) {
  const folder = join(temporaryFolder(), 'uploads')
  const taken = new Uploads(folder, undefined, async () => room(), limits)
  const server = createServer((request, response) => void taken.handle(request, response, request.url ?? ''))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return {
    folder: ownUploads(folder),
    async send(name: string, body: string | Uint8Array<ArrayBuffer>) {
      const answer = await fetch(`http://127.0.0.1:${port}/uploads/${ID}/${name}`, { method: 'PUT', body })
      return [answer.status, ((await answer.json()) as { message?: string }).message ?? ''] as const
    },
    remove: () => fetch(`http://127.0.0.1:${port}/uploads/${ID}`, { method: 'DELETE' }),
  }
}

test('a file that the disk has no room for is refused with 507, its name and the remedy, and leaves nothing behind', async () => {
  let room = 256 * MIB + 10
  const { folder, send } = await uploads(() => room)
  expect(await send('small.bin', 'ten bytes!')).toEqual([201, ''])
  expect(await send('big.bin', new Uint8Array(3 * MIB))).toEqual([
    507,
    'big.bin needs 3 MiB, but the disk has only 0 MiB free. Free some space.',
  ])
  expect(existsSync(join(folder, ID, 'big.bin'))).toBe(false)
  room = 300 * MIB
  expect((await send('big.bin', new Uint8Array(3 * MIB)))[0]).toBe(201)
})

test('a file that comes twice is refused in a sentence, and the first one stays', async () => {
  const { folder, send } = await uploads(() => 2 ** 40)
  expect((await send('a/b.bin', 'first'))[0]).toBe(201)
  expect(await send('a/b.bin', 'second')).toEqual([400, 'The upload contains a/b.bin twice. Send it once.'])
  expect(readFileSync(join(folder, ID, 'a/b.bin'), 'utf8')).toBe('first')
  // A file where a folder is needed, and vice versa.
  expect((await send('a/b.bin/c', 'x'))[0]).toBe(400)
  expect((await send('a', 'x'))[0]).toBe(400)
})

test('an upload has at most so many files and bytes together; a removed one counts no longer', async () => {
  const { folder, send, remove } = await uploads(() => 2 ** 40, { entries: 3, bytes: 2 * MIB })
  expect((await send('a', new Uint8Array(1.5 * MIB)))[0]).toBe(201)
  expect(await send('b', new Uint8Array(MIB))).toEqual([400, 'The upload is larger than 2 MiB. Import it by its path instead.'])
  expect(readdirSync(join(folder, ID))).toEqual(['a'])
  expect((await remove()).status).toBe(200)
  for (const name of ['a', 'b', 'c']) expect((await send(name, 'x'))[0]).toBe(201)
  expect(await send('d', 'x')).toEqual([400, 'The upload has more than 3 files. Import it by its path instead.'])
  expect(readdirSync(join(folder, ID)).sort()).toEqual(['a', 'b', 'c'])
})
