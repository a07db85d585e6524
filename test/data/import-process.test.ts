import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importInProcess } from '../../src-main/data/import-remote.js'
import { bundleForNode } from '../fixtures/build.js'
import { zipSync } from '../fixtures/zip.js'
import { folderWith, importing, leftIn, noise, npy, temporaryFolder } from './helpers.js'

describe('an import in a process of its own', () => {
  let program: Awaited<ReturnType<typeof bundleForNode>>
  beforeAll(async () => {
    program = await bundleForNode(join(import.meta.dirname, '../../src-main/data/import-process.ts'))
  })
  afterAll(() => program[Symbol.dispose]())

  async function images(count: number): Promise<string> {
    const file = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#456' } }).png().toBuffer() // prettier-ignore
    return folderWith(Object.fromEntries(Array.from({ length: count }, (_, i) => [`${'xy'[i % 2]}/${i}.png`, file])))
  }

  it('answers the data set and tells its progress', async () => {
    const into = await temporaryFolder()
    const messages: string[] = []
    const options = importing(into, { onProgress: (_, message) => messages.push(message) })
    const dataset = await importInProcess(program.file, { path: await images(100) }, options)
    expect(dataset).toMatchObject({ counts: { train: 100 }, image: { width: 64, height: 64, channels: 3 } })
    expect(await readdir(into)).toEqual([dataset.name])
    expect(messages.join()).toMatch(/reading the sizes|decoding [xy]/)
  })

  it('says what a user can mend as it was said', async () => {
    const into = await temporaryFolder()
    const path = await folderWith({ 'notes.txt': 'nothing' })
    await expect(importInProcess(program.file, { path }, importing(into))).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('contains no data set'),
    })
    expect(await leftIn(into)).toEqual([])
  })

  it('ends when it is cancelled, and leaves nothing behind', async () => {
    const into = await temporaryFolder()
    const controller = new AbortController()
    const onProgress = (): void => controller.abort(new Error('enough'))
    const going = importInProcess(program.file, { path: await images(600) }, importing(into, { onProgress, signal: controller.signal }))
    await expect(going).rejects.toThrow('enough')
    expect(await leftIn(into)).toEqual([])
  })

  it('that dies is told, and leaves nothing behind', async () => {
    const into = await temporaryFolder()
    const path = await images(600)
    const onProgress = (): void => {
      // The name of its temporary folder contains its process id.
      void readdir(into).then(([name]) => name && process.kill(Number(name.split('-')[1]), 'SIGKILL'))
    }
    await expect(importInProcess(program.file, { path }, importing(into, { onProgress }))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(/ended with SIGKILL.*nothing was stored/),
    })
    expect(await leftIn(into)).toEqual([])
  })

  it('tells of a data set whose description is larger than the buffer of its channel', async () => {
    const into = await temporaryFolder()
    const count = 65_536
    const images = npy('|u1', [count, 2, 2], noise('channel', count * 4))
    const path = await folderWith({
      'many.npz': zipSync({
        'images.npy': images,
        'labels.npy': npy(
          '<i4',
          [count],
          Int32Array.from({ length: count }, (_, i) => i),
        ),
      }),
    })
    const dataset = await importInProcess(program.file, { path: join(path, 'many.npz') }, importing(into))
    expect(dataset.classNames).toHaveLength(count)
  })

  it.each(['SIGINT', 'SIGHUP'] as const)('leaves %s to its host, and ends at SIGTERM, which is no crash', async (ignored) => {
    const into = await temporaryFolder()
    const path = await images(600)
    const heard: string[] = []
    const onProgress = (_: unknown, message: string): void => {
      heard.push(message)
      // The name of its temporary folder contains its process id.
      void readdir(into).then(([name]) => {
        const pid = Number(name?.split('-')[1])
        if (pid) process.kill(pid, heard.length < 3 ? ignored : 'SIGTERM')
      })
    }
    await expect(importInProcess(program.file, { path }, importing(into, { onProgress }))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/import was terminated.*Nothing was stored/),
    })
    expect(heard.length).toBeGreaterThanOrEqual(3)
    expect(await leftIn(into)).toEqual([])
  })

  it('ends with its host, and leaves nothing behind', async () => {
    const into = await temporaryFolder()
    const child = fork(program.file, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] })
    const ended = once(child, 'exit')
    child.send({ kind: 'import', request: { path: await images(600) }, into })
    await once(child, 'message')
    expect(await leftIn(into)).toHaveLength(1)
    // How a process sees the death of its parent.
    child.disconnect()
    await ended
    expect(await leftIn(into)).toEqual([])
  })
})
