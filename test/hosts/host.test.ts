import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { UserError } from '../../src-main/contract/errors.js'
import { findHost, readHostRecord } from '../../src-main/hosts/discovery.js'
import { openHost, type Host, type HostOptions } from '../../src-main/hosts/host.js'
import { connectWebSocket } from '../../src-main/transport/websocket-client.js'
import { playedBackend } from '../fixtures/played-home.js'
import { bundleProgram, start } from './programs/program.js'
import { temporaryFolder } from './temporary.js'

const opened = (found: Awaited<ReturnType<typeof openHost>>): Host => {
  if (!('opened' in found)) throw new Error('another host was found')
  return found.opened
}

function options(home: string, changes: Partial<HostOptions> = {}): HostOptions {
  return {
    home: { folder: home, chosen: true },
    kind: 'server',
    lasting: true,
    openBackend: () => playedBackend(),
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
    expect(error).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/in use by another Retrace command \(process \d+\).*--home\.$/),
    })
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

  it('listens again where windows of its home wait, and says so where another program does', async () => {
    const home = temporaryFolder()
    const page = temporaryFolder()
    writeFileSync(join(page, 'index.html'), '<title>Retrace</title>')
    const { server, close } = opened(await openHost(options(home, { page })))
    await close()
    // A command serves no windows, and leaves their port alone.
    const command = opened(await openHost(options(home, { kind: 'cli' })))
    expect(command.server.port).not.toBe(server.port)
    await command.close()

    const note = vi.fn()
    const again = opened(await openHost(options(home, { page, port: undefined, note })))
    expect(again.server.port).toBe(server.port)
    await again.close()
    expect(note).not.toHaveBeenCalled()

    const other = createServer()
    await new Promise<void>((resolve) => other.listen(server.port, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const elsewhere = opened(await openHost(options(home, { page, port: undefined, note })))
    onTestFinished(() => elsewhere.close())
    expect(elsewhere.server.port).not.toBe(server.port)
    expect(note.mock.calls).toEqual([
      [
        `Port ${server.port}, which the workbench of this home used before, is in use by another program, so port ${elsewhere.server.port} is used instead. Close windows that are still open: they cannot reconnect.`,
      ],
    ])
  })

  it('frees the home also when the back end fails to close', async () => {
    const home = temporaryFolder()
    const backend = await playedBackend()
    onTestFinished(() => backend.close())
    const openBackend = async () => ({ ...backend, close: () => Promise.reject(new Error('stuck')) })
    const host = opened(await openHost(options(home, { openBackend })))
    await expect(host.close()).rejects.toThrow('stuck')
    await opened(await openHost(options(home))).close()
  })
})

describe('the server program', () => {
  let program: Awaited<ReturnType<typeof bundleProgram>>
  beforeAll(async () => {
    program = await bundleProgram('played-server')
    mkdirSync(join(program.file, '..', 'page'))
    writeFileSync(join(program.file, '..', 'page', 'index.html'), 'page')
  })
  afterAll(() => program.remove())

  it('prints address and engine, serves, and ends cleanly at SIGTERM', async () => {
    const home = temporaryFolder()
    const server = start(program.file, [home])
    const address = (await server.line(/^Address: /)).replace('Address: ', '')
    const first = await fetch(address)
    expect([first.status, await first.text()]).toEqual([200, expect.stringMatching(/^<meta name="retrace-key" content="\S+" \/>page$/)])
    expect((await fetch(address)).status).toBe(401)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(server.output().stdout.match(/ticket=/g), 'another program may keep what it reads').toHaveLength(1)
    expect(await server.line(/^Engine: /)).toMatch(/^Engine: portable .* This is the back end of the tests\./)
    expect(await findHost(home)).toMatchObject({ pid: server.child.pid })

    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    expect(server.output().stderr).toBe('')
    expect(existsSync(join(home, 'host.json'))).toBe(false)
  })

  it('prints another address in a terminal when the last one was opened', async () => {
    const server = start(program.file, [temporaryFolder(), '0', 'terminal'])
    const address = (await server.line(/^Address: /)).replace('Address: ', '')
    expect(await (await fetch(address)).text()).toContain('retrace-key')
    const another = (await server.line(/^Address of another window: /)).replace('Address of another window: ', '')
    expect(another).not.toBe(address)
    expect(await (await fetch(address)).text()).not.toContain('retrace-key')
    expect(await (await fetch(another)).text()).toContain('retrace-key')
  })

  it('prints no ticket where its output is kept in a file', async () => {
    const home = temporaryFolder()
    const kept = join(home, 'log')
    const run = (errors: string): ChildProcess => {
      const child = spawn(process.execPath, [program.file, home], { stdio: ['ignore', openSync(kept, 'a'), openSync(errors, 'a')] })
      onTestFinished(() => void child.kill('SIGKILL'))
      return child
    }
    run(`${kept}.first`)
    await vi.waitFor(() => expect(readFileSync(kept, 'utf8')).toMatch(/^Address: http:\/\/127\.0\.0\.1:\d+$/m), { timeout: 20_000 })
    expect(readFileSync(kept, 'utf8')).toContain('Run `npm start` in a terminal')
    await once(run(`${kept}.second`), 'exit')
    expect(readFileSync(`${kept}.second`, 'utf8')).toMatch(/is already running \(process \d+\) at http:\/\/127\.0\.0\.1:\d+ \. Open/)
    for (const file of [kept, `${kept}.first`, `${kept}.second`]) expect(readFileSync(file, 'utf8')).not.toContain('ticket')
  })

  it('says after two seconds for whom it waits', async () => {
    const home = temporaryFolder()
    const first = opened(await openHost(options(home, { lasting: false })))
    const notes: string[] = []
    await expect(openHost(options(home, { waitMs: 2500, note: (line) => void notes.push(line) }))).rejects.toThrow(/Wait until it ends/)
    await first.close()
    expect(notes).toEqual([expect.stringMatching(new RegExp(`^Waiting for process ${process.pid}, which holds the home folder`))])
  })

  it('ends at once at the second Ctrl+C, but not when one press arrives twice', async () => {
    const server = start(program.file, [temporaryFolder(), '0', 'slow'])
    await server.line(/^Press Ctrl\+C to stop/)
    server.child.kill('SIGINT')
    await server.line(/^Stopping/)
    // Like npm, which forwards what the terminal has already sent.
    server.child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(server.child.exitCode).toBeNull()
    server.child.kill('SIGINT')
    expect(await server.ended).toBe(130)
  })

  it('takes two SIGTERM and a hang-up for one wish', async () => {
    const server = start(program.file, [temporaryFolder(), '0', 'slow'])
    await server.line(/^Press Ctrl\+C to stop/)
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGHUP'] as const) {
      server.child.kill(signal)
      await new Promise((resolve) => setTimeout(resolve, 600))
    }
    expect([server.child.exitCode, server.child.signalCode]).toEqual([null, null])
    expect(server.output().stdout.match(/^Stopping/gm)).toHaveLength(1)
  })

  it('tells a second one on its home where the first is, in one line, and the first goes on', async () => {
    const home = temporaryFolder()
    const first = start(program.file, [home])
    await first.line(/^Press Ctrl\+C to stop/)
    const second = start(program.file, [home])
    expect(await second.ended).toBe(1)
    const { stdout, stderr } = second.output()
    expect(stdout).toBe('')
    expect(stderr.trim().split('\n')).toHaveLength(1)
    const address = /^retrace: The workbench of .* is already running \(process \d+\) at (http:\S+) \. Open that address/.exec(stderr)?.[1]
    expect((await fetch(address!)).status).toBe(200)
    expect(await findHost(home)).toMatchObject({ pid: first.child.pid })
  })

  it('takes over at once when its forerunner was killed with -9', async () => {
    const home = temporaryFolder()
    const first = start(program.file, [home])
    await first.line(/^Press Ctrl\+C to stop/)
    first.child.kill('SIGKILL')
    await first.ended
    expect(readHostRecord(home)).toMatchObject({ pid: first.child.pid })
    const second = start(program.file, [home])
    await second.line(/^Press Ctrl\+C to stop/)
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
