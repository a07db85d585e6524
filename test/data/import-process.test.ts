import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importInProcess } from '../../src-main/data/import-remote.js'
import { bundleForNode } from '../fixtures/build.js'
import { folderWith, importing, leftIn, temporaryFolder } from './helpers.js'

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
    expect(messages.join()).toMatch(/looking at the sizes|decoding [xy]/)
  })

  it('says what a user can mend as it was said', async () => {
    const into = await temporaryFolder()
    const path = await folderWith({ 'notes.txt': 'nothing' })
    await expect(importInProcess(program.file, { path }, importing(into))).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('holds no data set'),
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
      // Its temporary folder bears its process id.
      void readdir(into).then(([name]) => name && process.kill(Number(name.split('-')[1]), 'SIGKILL'))
    }
    await expect(importInProcess(program.file, { path }, importing(into, { onProgress }))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(/ended with SIGKILL.*nothing was stored/),
    })
    expect(await leftIn(into)).toEqual([])
  })

  it('ends with its host, and leaves nothing behind', async () => {
    const into = await temporaryFolder()
    const child = fork(program.file, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] })
    const ended = once(child, 'exit')
    child.send({ kind: 'import', request: { path: await images(600) }, into })
    await once(child, 'message')
    expect(await leftIn(into)).toHaveLength(1)
    // What a process sees of its parent's death.
    child.disconnect()
    await ended
    expect(await leftIn(into)).toEqual([])
  })
})
