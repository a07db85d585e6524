import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { UserError } from '../../src-main/contract/errors.js'
import { findHost, readHostRecord } from '../../src-main/hosts/discovery.js'
import { openHost, type Host, type HostOptions } from '../../src-main/hosts/host.js'
import { connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { FakeServices } from '../fixtures/fake-services.js'
import { bundleProgram, start } from './programs/program.js'
import { temporaryFolder } from './temporary.js'

const opened = (found: Awaited<ReturnType<typeof openHost>>): Host => {
  if (!('opened' in found)) throw new Error('another host was found')
  return found.opened
}

function options(home: string, changes: Partial<HostOptions> = {}): HostOptions {
  const services = new FakeServices()
  return {
    home: { folder: home, chosen: true },
    kind: 'server',
    lasting: true,
    openBackend: async () => ({ services, close: async () => services.close() }),
    page: null,
    port: 0,
    onDefect: (error) => expect.unreachable(String(error)),
    waitMs: 500,
    ...changes,
  }
}

describe('the host of a home', () => {
  it('is one; who comes second finds it and can use it', async () => {
    const home = temporaryFolder()
    const host = opened(await openHost(options(home)))
    const second = await openHost(options(home))
    if (!('running' in second)) throw new Error('two hosts of one home')
    expect(second.running).toMatchObject({ pid: process.pid, kind: 'server', lasting: true })
    const { client, close } = connectWebSocket(second.running.address, second.running.token)
    expect((await client.datasets.list.query()).map(({ name }) => name)).toEqual(['mnist'])
    await close()

    await host.close()
    expect(existsSync(join(home, 'host.json'))).toBe(false)
    await opened(await openHost(options(home))).close()
  })

  it('is one of several that start at once', async () => {
    const home = temporaryFolder()
    const found = await Promise.all([1, 2, 3, 4].map(() => openHost(options(home))))
    expect(found.filter((one) => 'opened' in one)).toHaveLength(1)
    await Promise.all(found.map((one) => 'opened' in one && one.opened.close()))
  })

  it('waits for a short command, then takes its place', async () => {
    const home = temporaryFolder()
    const command = opened(await openHost(options(home, { kind: 'cli', lasting: false })))
    const next = openHost(options(home, { waitMs: 10_000 }))
    await new Promise((resolve) => setTimeout(resolve, 200))
    await command.close()
    await opened(await next).close()
  })

  it('says so when a command holds the home for too long', async () => {
    const home = temporaryFolder()
    const command = opened(await openHost(options(home, { kind: 'cli', lasting: false })))
    const error = await openHost(options(home, { waitMs: 100 })).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'CONFLICT', message: expect.stringMatching(/^A command of Retrace \(process \d+\).*--home\.$/) })
    await command.close()
  })

  it('opens nothing when its port is taken or its page is missing', async () => {
    const home = join(temporaryFolder(), 'home')
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const openBackend = vi.fn()
    const taken = openHost(options(home, { port: (other.address() as AddressInfo).port, openBackend }))
    await expect(taken).rejects.toThrow(/Port \d+ is in use/)
    await expect(openHost(options(home, { page: join(home, 'none'), openBackend }))).rejects.toThrow(/not built/)
    expect(openBackend).not.toHaveBeenCalled()
    expect(existsSync(home)).toBe(false)
    await opened(await openHost(options(home))).close()
  })

  it('frees home and port when the back end does not open', async () => {
    const home = temporaryFolder()
    const openBackend = (): Promise<never> => Promise.reject(new UserError('DISK', 'The database is from a newer version: update Retrace.'))
    await expect(openHost(options(home, { openBackend }))).rejects.toThrow(/newer version/)
    await opened(await openHost(options(home))).close()
  })

  it('frees the home also when the back end fails to close', async () => {
    const home = temporaryFolder()
    const services = new FakeServices()
    const openBackend = async () => ({ services, close: () => Promise.reject(new Error('stuck')) })
    const host = opened(await openHost(options(home, { openBackend })))
    await expect(host.close()).rejects.toThrow('stuck')
    await opened(await openHost(options(home))).close()
  })
})

describe('the server program', () => {
  let program: Awaited<ReturnType<typeof bundleProgram>>
  beforeAll(async () => {
    program = await bundleProgram('fake-server')
    mkdirSync(join(program.file, '..', 'page'))
    writeFileSync(join(program.file, '..', 'page', 'index.html'), 'page')
  })
  afterAll(() => program.remove())

  it('prints address and engine, serves, and ends cleanly at SIGTERM', async () => {
    const home = temporaryFolder()
    const server = start(program.file, [home])
    const address = (await server.line(/^Address: /)).replace('Address: ', '')
    const { status, headers } = await fetch(address, { redirect: 'manual' })
    expect(status).toBe(303)
    const cookie = headers.get('set-cookie')!.split(';')[0]!
    expect(await (await fetch(new URL('/', address), { headers: { cookie } })).text()).toBe('page')
    expect(await server.line(/^Engine: /)).toMatch(/^Engine: portable .* This is the back end of the tests\./)
    expect(await findHost(home)).toMatchObject({ pid: server.child.pid })

    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    expect(server.output().stderr).toBe('')
    expect(existsSync(join(home, 'host.json'))).toBe(false)
  })

  it('ends at once at the second signal', async () => {
    const server = start(program.file, [temporaryFolder(), '0', 'slow'])
    await server.line(/^Ctrl\+C ends/)
    server.child.kill('SIGINT')
    await server.line(/^Closing/)
    server.child.kill('SIGINT')
    expect(await server.ended).toBe(130)
  })

  it('tells a second one on its home where the first is, in one line, and the first goes on', async () => {
    const home = temporaryFolder()
    const first = start(program.file, [home])
    await first.line(/^Ctrl\+C ends/)
    const second = start(program.file, [home])
    expect(await second.ended).toBe(1)
    const { stdout, stderr } = second.output()
    expect(stdout).toBe('')
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(
      /^retrace: The workbench of .* runs already \(process \d+\) at http:\/\/127\.0\.0\.1:\d+\/\?token=\S+ : open that address/,
    )
    expect(await findHost(home)).toMatchObject({ pid: first.child.pid })
  })

  it('takes over at once when its forerunner was killed with -9', async () => {
    const home = temporaryFolder()
    const first = start(program.file, [home])
    await first.line(/^Ctrl\+C ends/)
    first.child.kill('SIGKILL')
    await first.ended
    expect(readHostRecord(home)).toMatchObject({ pid: first.child.pid })
    const second = start(program.file, [home])
    await second.line(/^Ctrl\+C ends/)
    expect(await findHost(home)).toMatchObject({ pid: second.child.pid })
  })

  it('names the remedy for a home that cannot be', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    mkdirSync(`${file}.d`)
    for (const home of [file, join(file, 'x'), join(`${file}.d`, 'x', 'y')]) {
      const server = start(program.file, [home])
      expect(await server.ended).toBe(1)
      expect(server.output().stderr).toMatch(/^retrace: .*choose another.*\n$/)
    }
  })
})
